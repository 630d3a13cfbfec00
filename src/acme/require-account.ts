import type { AcmeConfig } from '../config/config.ts'
import { EdgeError } from '../errors.ts'
import type { KnownAccount } from './account-session.ts'

/** For what makes no account by itself. Throws ACME_EDGE_ACME_ACCOUNT_MISSING. */
export function requireAccount(known: KnownAccount | undefined, { directory }: AcmeConfig): KnownAccount {
  if (known !== undefined) return known
  const message = `the store holds no account at ${directory}: \`acme-edge account create\` makes one, and so does the first order`
  throw new EdgeError('ACME_EDGE_ACME_ACCOUNT_MISSING', message, { details: { directory } })
}
