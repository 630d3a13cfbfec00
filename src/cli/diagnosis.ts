import { findAccountUrl } from '../acme/diagnose/account-url.ts'
import { diagnose } from '../acme/diagnose/diagnose.ts'
import { createDnsLookup } from '../acme/diagnose/dns-lookup.ts'
import type { Finding } from '../acme/diagnose/finding.ts'
import type { AcmeConfig, EdgeConfig } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { EdgeError } from '../errors.ts'
import { createLog } from '../log.ts'
import { openStore } from '../store/open-store.ts'
import { chooseAuthority } from './choose-authority.ts'
import type { DiagnosisFlags } from './diagnosis-options.ts'
import { openCaRequestInspection } from './inspect-ca-request.ts'
import { watchInterruption } from './interruption.ts'
import { openPublisher } from './open-publisher.ts'
import { requireAcme } from './require-acme.ts'

/**
 * Diagnoses the names, issues when the CA would not refuse them, and diagnoses again what it refused all the same. An order
 * that is bound to fail is not placed: the CA counts failures. Throws ACME_EDGE_ACME_DIAGNOSED, or what `issue` throws.
 */
export async function withDiagnosis(
  names: readonly string[],
  flags: DiagnosisFlags,
  issue: () => Promise<void>,
): Promise<void> {
  const findings = await runDiagnosis(names, flags, 'before')
  const errors = findings.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) throw diagnosed(errors)
  try {
    await issue()
  } catch (error) {
    // What the CA said must not be hidden by a second look that fails.
    if (isWorthAnotherLook(error)) await runDiagnosis(failedNames(error, names), flags, 'after').catch(() => undefined)
    throw error
  }
}

/** A limit of the CA says nothing of the names. */
function isWorthAnotherLook(error: unknown): error is EdgeError {
  return error instanceof EdgeError && error.side === 'ca' && error.code !== 'ACME_EDGE_ACME_RATE_LIMITED'
}

/** The CA that is going to be asked: that of `--ca`, and its directory for tests with `--dry-run`. */
function authorityOf(config: EdgeConfig, { ca, dryRun }: DiagnosisFlags): AcmeConfig {
  const acme = chooseAuthority(requireAcme(config), ca)
  return dryRun && acme.staging !== undefined ? { ...acme, directory: acme.staging } : acme
}

type When = 'before' | 'after'

async function runDiagnosis(names: readonly string[], flags: DiagnosisFlags, when: When): Promise<readonly Finding[]> {
  const config = await loadConfig(flags.config)
  const acme = authorityOf(config, flags)
  const dns = createDnsLookup({ servers: flags.resolver })
  const opened = await openStore(config.store, createLog('warn'))
  const interruption = watchInterruption()
  try {
    const answering = await openPublisher(config, opened)
    try {
      const findings = await diagnose({
        ...{ names, acme, dns, publisher: answering.publisher, signal: interruption.signal },
        listening: config.listen,
        inspect: await openCaRequestInspection(config),
        accountUrl: await findAccountUrl(opened.store, acme.directory),
        dial: (host, port) => ({ host, port: port === 80 ? (flags.validationPort ?? 80) : port }),
      })
      show(findings, when, flags)
      return findings
    } finally {
      await answering.close()
    }
  } catch (error) {
    if (!interruption.signal.aborted) throw error
    throw new EdgeError('ACME_EDGE_ACME_ABORTED', 'the diagnosis was interrupted; nothing was ordered', {
      cause: error,
    })
  } finally {
    interruption.end()
    opened.close()
  }
}

/** One finding a line, worst first; for a machine one object a line. */
function show(findings: readonly Finding[], when: When, { json }: DiagnosisFlags): void {
  const lines = json
    ? [
        ...findings.map((one) => JSON.stringify({ event: 'finding', when, ...one })),
        JSON.stringify(summary(findings, when)),
      ]
    : findings.length === 0
      ? ['diagnosis: nothing stands in the way']
      : findings.map(({ severity, code, name, text, fix }) => `${severity} ${code} ${name}: ${text}; fix: ${fix}`)
  process.stdout.write(lines.map((line) => `${line}\n`).join(''))
}

function summary(findings: readonly Finding[], when: When): object {
  const count = (severity: Finding['severity']) => findings.filter((one) => one.severity === severity).length
  return { event: 'diagnosed', when, errors: count('error'), warnings: count('warning'), notes: count('note') }
}

function diagnosed(errors: readonly Finding[]): EdgeError {
  const [first] = errors
  const more = errors.length === 1 ? '' : ` (and ${errors.length - 1} more)`
  const message = `nothing was ordered, since the CA would refuse: ${first?.name}: ${first?.text}${more}; ${first?.fix}`
  return new EdgeError('ACME_EDGE_ACME_DIAGNOSED', message, { details: { findings: errors } })
}

/** The host that the CA complained of, where it named one. */
function failedNames({ details: { host } }: EdgeError, names: readonly string[]): readonly string[] {
  return typeof host === 'string' ? [host] : names
}
