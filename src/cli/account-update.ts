import { Command } from 'commander'
import { openAccount, tellContact } from '../acme/account.ts'
import { parseContact } from '../config/acme-values.ts'
import { EdgeError } from '../errors.ts'
import { type AuthorityFlags, withAuthority } from './authority-session.ts'
import { authorityOption } from './choose-authority.ts'
import { configOption, jsonOption } from './options.ts'

interface Flags extends AuthorityFlags {
  readonly contact?: readonly string[]
}

/** `acme-edge account update`: tells the CA whom to write to. */
export function accountUpdateCommand(): Command {
  return new Command('update')
    .summary('tell the CA the contacts')
    .description('Tell the CA the contacts of the config, or others, which hold until those of the config change.')
    .option('--contact <mailto:address...>', 'these instead of those of the config')
    .addOption(configOption())
    .addOption(authorityOption())
    .addOption(jsonOption())
    .action(update)
}

async function update(flags: Flags): Promise<void> {
  const given = flags.contact?.map(readContact)
  await withAuthority(flags, async (session) => {
    const { acme, signal } = session
    const account = await openAccount({ ...session, onProgress: () => undefined }, signal)
    const { url, contact } = await tellContact(session, account, { contact: given ?? acme.contact, signal })
    const text = flags.json
      ? JSON.stringify({ ok: true, ca: acme.directory, url, contact })
      : `${url}: ${contact.length === 0 ? 'no contact' : contact.join(', ')}`
    process.stdout.write(`${text}\n`)
  })
}

function readContact(text: string): string {
  const contact = parseContact(text)
  if (contact.kind === 'value') return contact.value
  throw new EdgeError('ACME_EDGE_USAGE', `--contact: ${contact.message}`)
}
