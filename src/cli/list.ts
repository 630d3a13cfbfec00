import { Command } from 'commander'
import type { AcmeConfig } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { createLog } from '../log.ts'
import { authorityOf, type RenewalRecord, readRenewalRecord } from '../manage/renewal-record.ts'
import { wantedCertificates } from '../manage/wanted-certificates.ts'
import { type BrokenCertificate, listCertificates, type StoredCertificate } from '../store/certificates.ts'
import { type OpenedStore, openStore } from '../store/open-store.ts'
import { configOption, jsonOption } from './options.ts'

interface Flags {
  readonly config: string
  readonly json: boolean
}

/** One line of the list. */
interface Listed {
  readonly name: string
  /** `undefined`: the config names it, and there is none yet. */
  readonly certificate: StoredCertificate | BrokenCertificate | undefined
  /** Whether `acme-edge run` looks after it. */
  readonly isManaged: boolean
  readonly record: RenewalRecord
}

const dayMs = 86_400_000

/** `acme-edge list`: the certificates of the store and of the config, when they end, what was tried and what comes next. */
export function listCommand(): Command {
  return new Command('list')
    .summary('list the certificates, their ends, and what comes next')
    .description('List the certificates of the store and of the config: names, ends, failures, the next attempt.')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (flags: Flags) => {
      const config = await loadConfig(flags.config)
      const opened = await openStore(config.store, createLog('warn'))
      try {
        const listed = await listAll(opened, config.acme)
        const text = flags.json ? JSON.stringify(listed.map(toJson)) : toText(listed, Date.now())
        process.stdout.write(`${text}\n`)
      } finally {
        opened.close()
      }
    })
}

async function listAll({ store, folder }: OpenedStore, acme: AcmeConfig | undefined): Promise<Listed[]> {
  const stored = new Map((await listCertificates(folder)).map((one) => [one.name, one]))
  const managed = new Set(wantedCertificates(acme).map(({ name }) => name))
  const names = [...new Set([...stored.keys(), ...managed])].sort()
  const listed: Listed[] = []
  for (const name of names) {
    const record = await readRenewalRecord(store, name)
    listed.push({ name, certificate: stored.get(name), isManaged: managed.has(name), record })
  }
  return listed
}

function toText(listed: readonly Listed[], nowMs: number): string {
  if (listed.length === 0) return 'no certificates in the store'
  return listed.map((one) => `${toLine(one, nowMs)}${toNote(one, nowMs)}`).join('\n')
}

function toLine({ name, certificate, record }: Listed, nowMs: number): string {
  if (certificate === undefined) return `${name}  none yet`
  if ('error' in certificate) return `${name}  broken: ${certificate.error.message}`
  const { names, notAfterMs } = certificate
  const directory = authorityOf(certificate, record)
  const from = directory === undefined ? '' : `  from ${URL.parse(directory)?.host ?? directory}`
  const days = Math.floor((notAfterMs - nowMs) / dayMs)
  const left = days < 0 ? 'expired' : `${days} days left`
  return `${name}  ${new Date(notAfterMs).toISOString().slice(0, 10)} (${left})  ${names.join(', ')}${from}`
}

/** What went wrong last, on a line of its own. */
function toNote({ record: { state } }: Listed, nowMs: number): string {
  const { failures, lastError, nextAttemptMs = 0 } = state
  const next = nextAttemptMs > nowMs ? `; next attempt ${new Date(nextAttemptMs).toISOString()}` : ''
  if (lastError === undefined || failures === 0) return ''
  const times = failures === 1 ? 'once' : `${failures} times`
  return `\n  failed ${times}, last ${new Date(lastError.atMs).toISOString()}: ${lastError.message}${next}`
}

/** Never the key: what is listed is piped and pasted. */
function toJson({ name, certificate, isManaged, record }: Listed): object {
  const { state, directory } = record
  const { failures, lastError, lastAttemptMs, nextAttemptMs, info } = state
  const renewal = {
    directory,
    failures,
    lastError: lastError && { ...lastError, atMs: undefined, at: isoTime(lastError.atMs) },
    lastAttempt: isoTime(lastAttemptMs),
    nextAttempt: isoTime(nextAttemptMs),
    window: info && { start: isoTime(info.start), end: isoTime(info.end), explanationUrl: info.explanationUrl },
  }
  return { name, managed: isManaged, ...describe(certificate, record), renewal }
}

function describe(certificate: Listed['certificate'], record: RenewalRecord): object {
  if (certificate === undefined) return {}
  if ('error' in certificate) {
    const { code, message } = certificate.error
    return { error: { code, message } }
  }
  const { names, serial, notBeforeMs, notAfterMs } = certificate
  const ca = authorityOf(certificate, record)
  return { names, serial, ca, notBefore: isoTime(notBeforeMs), notAfter: isoTime(notAfterMs) }
}

function isoTime(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString()
}
