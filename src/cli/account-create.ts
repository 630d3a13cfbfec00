import { Command } from 'commander'
import { openAccount } from '../acme/account.ts'
import { describeAccount } from '../acme/describe-account.ts'
import type { Progress } from '../acme/progress.ts'
import { accountObject, accountText } from './account-text.ts'
import { type AuthorityFlags, withAuthority } from './authority-session.ts'
import { authorityOption } from './choose-authority.ts'
import { configOption, jsonOption } from './options.ts'

type State = Extract<Progress, { kind: 'account' }>['state']

/** `acme-edge account create`: what the first order does by itself; again, it changes nothing. */
export function accountCreateCommand(): Command {
  return new Command('create')
    .summary('register an account, unless there is one')
    .description(
      'Register an account, unless there is one. You agree to the terms of the CA by naming it in the config.',
    )
    .addOption(configOption())
    .addOption(authorityOption())
    .addOption(jsonOption())
    .action(create)
}

async function create(flags: AuthorityFlags): Promise<void> {
  await withAuthority(flags, async (session) => {
    let state: State = 'reused'
    const onProgress = (progress: Progress) => {
      if (progress.kind === 'account') state = progress.state
    }
    const account = await openAccount({ ...session, onProgress }, session.signal)
    // The store may know an account that the CA does not: asking finds out, and registers it again.
    await account.post({ url: account.url(), doing: 'to show the account' }, session.signal)
    const described = await describeAccount(session, session.signal)
    const { store } = session.config
    const text = flags.json
      ? JSON.stringify({ ok: true, state, account: accountObject(described, store) })
      : `account ${state}\n${accountText(described, store)}`
    process.stdout.write(`${text}\n`)
  })
}
