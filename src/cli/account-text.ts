import type { AccountDescription } from '../acme/describe-account.ts'
import type { StoreConfig } from '../config/config.ts'
import { storePlace } from './store-place.ts'

/** The account as every command prints it for a program. */
export function accountObject(account: AccountDescription, store: StoreConfig): object {
  const { keyPath, ...rest } = account
  return { ...rest, keyFile: storePlace(store, keyPath) }
}

/** The same for a person. */
export function accountText(account: AccountDescription, store: StoreConfig): string {
  const lines: readonly (readonly [string, string | undefined])[] = [
    ['CA', account.ca],
    ['account', account.url],
    ['status', statusTexts[account.status] ?? account.status],
    ['contact', account.contact.join(', ') || 'none'],
    ['key', `${storePlace(store, account.keyPath)} (thumbprint ${account.keyThumbprint})`],
    ['customer', account.externalAccount],
    ['terms', account.termsOfService],
  ]
  return lines.flatMap(([name, text]) => (text === undefined ? [] : [`${`${name}:`.padEnd(10)}${text}`])).join('\n')
}

const statusTexts: Readonly<Record<string, string>> = {
  forgotten: 'forgotten: the CA knows no such account; the next order registers it anew, with the same key',
  deactivated:
    'deactivated: `acme-edge account deactivate` puts the key aside, after which the next order registers another',
  refused: 'refused: the CA does not take this key; `acme-edge account deactivate` puts it aside',
}
