import type { X509Certificate } from 'node:crypto'
import { Command } from 'commander'
import { constraintsOf } from '../acme/local-ca/certificates.ts'
import { initAuthority } from '../acme/local-ca/init-authority.ts'
import { describeConstraints } from '../acme/local-ca/name-constraints.ts'
import { parsePermits, privateNames } from '../acme/local-ca/permit.ts'
import { EdgeError } from '../errors.ts'
import { createLog } from '../log.ts'
import { openFileStore } from '../store/file-store.ts'
import { folderOption, lockSignal, passphraseOption, readRootKeyAccess } from './ca-folder.ts'
import { jsonOption } from './options.ts'

interface Flags {
  readonly folder: string
  readonly name?: string
  readonly permit?: readonly string[]
  readonly rootKey?: string
  readonly passphraseFile?: string
  readonly json: boolean
}

/** `acme-edge ca init`: a root and an issuing certificate, in a folder that has none. */
export function caInitCommand(): Command {
  return new Command('init')
    .description('Make a root (10 years) and an issuing certificate (1 year), limited to names that you choose.')
    .addOption(folderOption())
    .option('--name <name>', 'what the root is called in lists of trusted roots; default: random', parseName)
    .option(
      '--permit <domain or range>',
      'what the CA may vouch for: a domain with all names under it (shop.test), or addresses (10.0.0.0/8); may be ' +
        `repeated; default: what can never be public (${describeConstraints(privateNames)})`,
      (value: string, earlier: readonly string[] = []) => [...earlier, value],
    )
    .option('--root-key <file>', 'write the root key there, to be kept offline, instead of into the folder')
    .addOption(passphraseOption())
    .addOption(jsonOption())
    .action(init)
}

async function init(flags: Flags): Promise<void> {
  const { folder, name, permit = [] } = flags
  const constraints = permit.length === 0 ? privateNames : parsePermits(permit)
  const rootKey = await readRootKeyAccess(flags)
  const store = await openFileStore({ folder, log: createLog('warn') })
  const { root } = await initAuthority({
    ...{ store, rootKey, signal: lockSignal() },
    root: { name, permit: constraints },
  })
  process.stdout.write(flags.json ? `${JSON.stringify(toJson(root, flags))}\n` : toText(root, flags))
}

function toText(root: X509Certificate, { folder, rootKey, passphraseFile }: Flags): string {
  const key = rootKey === undefined ? 'in the folder' : `in ${rootKey}: take it off this machine`
  return [
    `${commonNameOf(root)} until ${root.validToDate.toISOString().slice(0, 10)}`,
    `  vouches for  ${describeConstraints(constraintsOf(root))}`,
    `  SHA-256      ${root.fingerprint256}`,
    `  root key     ${key}${passphraseFile === undefined ? '' : ', encrypted'}`,
    '',
    `Next: acme-edge ca root --folder ${folder}     how clients come to trust it`,
    `      acme-edge ca serve --folder ${folder}    the ACME server`,
    '',
  ].join('\n')
}

function toJson(root: X509Certificate, { folder, rootKey, passphraseFile }: Flags): object {
  return {
    ok: true,
    folder,
    name: commonNameOf(root),
    fingerprint256: root.fingerprint256,
    notAfter: root.validToDate.toISOString(),
    permit: constraintsOf(root),
    rootKey: { kept: rootKey ?? 'folder', encrypted: passphraseFile !== undefined },
  }
}

export function commonNameOf(certificate: X509Certificate): string {
  return /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? certificate.subject
}

/** It stands in a certificate and in a terminal: plain characters, and not more than RFC 5280 has room for. */
function parseName(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$/.test(text)) return text
  throw new EdgeError('ACME_EDGE_USAGE', '--name takes 1 to 40 letters, digits, spaces, dots, hyphens and underscores')
}
