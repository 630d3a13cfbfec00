import { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import { type BrokenCertificate, listCertificates, type StoredCertificate } from '../store/certificates.ts'
import { configOption, jsonOption } from './options.ts'

interface Flags {
  readonly config: string
  readonly json: boolean
}

const dayMs = 86_400_000

/** `acme-edge list`: the certificates of the store, their names and when they end. */
export function listCommand(): Command {
  return new Command('list')
    .description('List the certificates in the store, their names and when they end.')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (flags: Flags) => {
      const certificates = await listCertificates((await loadConfig(flags.config)).store.folder)
      const text = flags.json ? JSON.stringify(certificates.map(toJson)) : toText(certificates, Date.now())
      process.stdout.write(`${text}\n`)
    })
}

function toText(certificates: readonly (StoredCertificate | BrokenCertificate)[], nowMs: number): string {
  if (certificates.length === 0) return 'no certificates in the store'
  return certificates.map((certificate) => toLine(certificate, nowMs)).join('\n')
}

function toLine(certificate: StoredCertificate | BrokenCertificate, nowMs: number): string {
  if ('error' in certificate) return `${certificate.name}  broken: ${certificate.error.message}`
  const { name, names, notAfterMs } = certificate
  const days = Math.floor((notAfterMs - nowMs) / dayMs)
  const left = days < 0 ? 'expired' : `${days} days left`
  return `${name}  ${new Date(notAfterMs).toISOString().slice(0, 10)} (${left})  ${names.join(', ')}`
}

/** Never the key: what is listed is piped and pasted. */
function toJson(certificate: StoredCertificate | BrokenCertificate): object {
  if ('error' in certificate) {
    const { code, message } = certificate.error
    return { name: certificate.name, error: { code, message } }
  }
  const { name, names, serial, notBeforeMs, notAfterMs } = certificate
  return {
    name,
    names,
    serial,
    notBefore: new Date(notBeforeMs).toISOString(),
    notAfter: new Date(notAfterMs).toISOString(),
  }
}
