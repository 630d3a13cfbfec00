import { Command } from 'commander'
import { rollOverKey } from '../acme/key-rollover.ts'
import { type AuthorityFlags, withAuthority } from './authority-session.ts'
import { authorityOption } from './choose-authority.ts'
import { configOption, jsonOption } from './options.ts'

/** `acme-edge account rollover`: the same account, a new key. */
export function accountRolloverCommand(): Command {
  return new Command('rollover')
    .summary('give the account a new key')
    .description('Give the account a new key. Run it again after an interruption: neither key is lost.')
    .addOption(configOption())
    .addOption(authorityOption())
    .addOption(jsonOption())
    .action(async (flags: AuthorityFlags) => {
      await withAuthority(flags, async (session) => {
        const { oldThumbprint, newThumbprint } = await rollOverKey(session, session.signal)
        const text = flags.json
          ? JSON.stringify({ ok: true, ca: session.acme.directory, oldThumbprint, newThumbprint })
          : `the account has a new key: thumbprint ${newThumbprint}, before ${oldThumbprint}`
        process.stdout.write(`${text}\n`)
      })
    })
}
