import { Command } from 'commander'
import type { EdgeConfig } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { createLog } from '../log.ts'
import { authorityOf, readRenewalRecord } from '../manage/renewal-record.ts'
import { wantedCertificates } from '../manage/wanted-certificates.ts'
import { type OpenedStore, openStore } from '../store/open-store.ts'
import { revocationKey } from '../store/revocations.ts'
import { certificateText, describeCertificate } from './describe-certificate.ts'
import { loadNamed } from './load-named.ts'
import { configOption, jsonOption } from './options.ts'

interface Flags {
  readonly config: string
  readonly json: boolean
  readonly pem: boolean
}

/** `acme-edge show`: all that is known of one certificate; asks nobody. */
export function showCommand(): Command {
  return new Command('show')
    .summary('show one certificate: names, issuer, ends, fingerprint, files')
    .description('Show one certificate: names, issuer, ends, fingerprint, files. Its key is never printed.')
    .argument('<name>', 'first name of the certificate, as `acme-edge list` shows it')
    .option('--pem', 'print the chain as PEM, leaf first', false)
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (name: string, flags: Flags) => {
      const config = await loadConfig(flags.config)
      const opened = await openStore(config.store, createLog('warn'))
      try {
        process.stdout.write(await show(name, flags, { config, opened }))
      } finally {
        opened.close()
      }
    })
}

interface Surroundings {
  readonly config: EdgeConfig
  readonly opened: OpenedStore
}

async function show(name: string, flags: Flags, { config, opened }: Surroundings): Promise<string> {
  const { store, folder } = opened
  const certificate = await loadNamed(folder, name)
  if (flags.pem && !flags.json) return certificate.fullChainPem
  const description = describeCertificate(certificate, folder)
  const revocation = await store.read(revocationKey(certificate.serial))
  const directory = authorityOf(certificate, await readRenewalRecord(store, name))
  const managed = wantedCertificates(config.acme).some((wanted) => wanted.name === name)
  if (flags.json) {
    const pem = flags.pem ? certificate.fullChainPem : undefined
    const revoked: unknown = revocation && JSON.parse(revocation.toString()) // what noteRevocation() wrote
    return `${JSON.stringify({ ...description, ca: directory, managed, revoked, pem })}\n`
  }
  const notes: [string, string][] = []
  notes.push(['CA', directory ?? 'unknown: it is not noted which one gave it'])
  if (revocation !== undefined) notes.push(['revoked', 'yes: it is to be replaced'])
  notes.push(['renewed', managed ? 'by the edge' : 'by nobody: it is not in acme.certificates'])
  return `${certificateText(description, notes)}\n`
}
