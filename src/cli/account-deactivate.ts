import { Command } from 'commander'
import { deactivateAccount } from '../acme/deactivate-account.ts'
import { type AuthorityFlags, withAuthority } from './authority-session.ts'
import { authorityOption } from './choose-authority.ts'
import { confirm } from './confirm.ts'
import { configOption, jsonOption } from './options.ts'

interface Flags extends AuthorityFlags {
  readonly yes: boolean
}

/** `acme-edge account deactivate`: for good, so it asks first. */
export function accountDeactivateCommand(): Command {
  return new Command('deactivate')
    .summary('end the account for good')
    .description(
      'End the account at the CA for good. Certificates stay valid, but the account can no longer revoke or renew them, and ' +
        'authorizations are lost. The next order of this config registers another account, with a new key.',
    )
    .option('--yes', 'do it without asking', false)
    .addOption(configOption())
    .addOption(authorityOption())
    .addOption(jsonOption())
    .action(deactivate)
}

async function deactivate(flags: Flags): Promise<void> {
  await withAuthority(flags, async (session) => {
    const { acme, signal } = session
    const meaning = 'No CA takes it back: orders under way fail, and the next one registers another account.'
    await confirm(`This ends the account at ${acme.directory}. ${meaning}`, { yes: flags.yes, signal })
    const { kind, url } = await deactivateAccount(session, signal)
    const note = kind === 'gone' ? 'the CA did not take its key any more' : 'deactivated'
    const text = flags.json
      ? JSON.stringify({ ok: true, ca: acme.directory, url, result: kind })
      : `${url}: ${note}; its key was put aside, and the next order registers another account`
    process.stdout.write(`${text}\n`)
  })
}
