import { Command } from 'commander'
import { describeAccount } from '../acme/describe-account.ts'
import { accountObject, accountText } from './account-text.ts'
import { type AuthorityFlags, withAuthority } from './authority-session.ts'
import { authorityOption } from './choose-authority.ts'
import { configOption, jsonOption } from './options.ts'

/** `acme-edge account show`: what store and CA know; changes nothing. */
export function accountShowCommand(): Command {
  return new Command('show')
    .summary('show the account, its contacts and the place of its key')
    .description('Show the account as the CA knows it, and the place of its key. The key is never printed.')
    .addOption(configOption())
    .addOption(authorityOption())
    .addOption(jsonOption())
    .action(async (flags: AuthorityFlags) => {
      await withAuthority(flags, async (session) => {
        const account = await describeAccount(session, session.signal)
        const { store } = session.config
        process.stdout.write(
          `${flags.json ? JSON.stringify(accountObject(account, store)) : accountText(account, store)}\n`,
        )
      })
    })
}
