import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pebbleMissing, startPebble } from '../../tests/helpers/pebble.ts'
import { type Options, UsageError } from '../options.ts'
import { mean, median, percentile } from '../statistics.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { figure, textTable } from '../text-table.ts'
import { type BenchClient, legoClient, ownClient } from './clients.ts'

export const acmeOptions = ['certificates', 'rounds', 'nonces']

interface Row {
  readonly nonceReject: number
  readonly client: string
  readonly certificates: number
  readonly medianMs: number
  readonly p90Ms: number
  readonly meanMs: number
}

/**
 * How long a certificate takes: acme-edge and lego in turn at the same Pebble, each with an account that it keeps, for
 * names that are new each time; without faults, and with some of the nonces refused.
 */
export async function benchAcme(options: Options): Promise<void> {
  const missing = pebbleMissing()
  if (missing) throw new UsageError(missing)
  const program = installLego()
  const counts = { certificates: options.number('certificates', 10, 1), rounds: options.number('rounds', 3, 1) }
  const rates = (options.list('nonces') ?? ['0', '20']).map(Number)
  if (rates.some((rate) => !(rate >= 0 && rate <= 50))) throw new UsageError('--nonces takes per cent from 0 to 50')
  const rows: Row[] = []
  for (const nonceReject of rates) {
    const folder = join(temporaryFolder(), String(nonceReject))
    mkdirSync(folder)
    const pebble = await startPebble({ folder, nonceReject })
    try {
      const clients = [ownClient(folder, pebble), legoClient(program, folder, pebble)]
      for (const [client, times] of await measure(clients, counts)) rows.push(toRow(nonceReject, client, times))
    } finally {
      await pebble.stop()
    }
  }
  print(rows, options.has('json'))
}

/** In turn, so that what else the machine does falls on both. The first certificate of each makes the account: not counted. */
async function measure(
  clients: readonly BenchClient[],
  { certificates, rounds }: { readonly certificates: number; readonly rounds: number },
): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>(clients.map(({ name }) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const { name, issue } of round % 2 === 0 ? clients : clients.toReversed()) {
      const names = Array.from({ length: round === 0 ? 1 : certificates }, (_, i) => `c${i}.r${round}.${name}.example`)
      const taken = await issue(names)
      if (taken.length !== names.length) throw new Error(`${name} got ${taken.length} of ${names.length} certificates`)
      if (round > 0) times.get(name)?.push(...taken)
    }
  }
  return times
}

function toRow(nonceReject: number, client: string, times: readonly number[]): Row {
  const figures = { medianMs: median(times), p90Ms: percentile(times, 90), meanMs: mean(times) }
  return { nonceReject, client, certificates: times.length, ...figures }
}

function print(rows: readonly Row[], asJson: boolean): void {
  if (asJson) return void process.stdout.write(`${JSON.stringify({ benchmark: 'acme', rows })}\n`)
  const head = ['nonces refused', 'client', 'certificates', 'median ms', '90 % ms', 'mean ms']
  const cells = rows.map(({ nonceReject, client, certificates, medianMs, p90Ms, meanMs }) => {
    return [`${nonceReject} %`, client, String(certificates), ...[medianMs, p90Ms, meanMs].map(figure)]
  })
  process.stdout.write(textTable(head, cells))
}

function installLego(): string {
  const script = join(import.meta.dirname, '../../scripts/install-lego.sh')
  const { status, stdout, stderr } = spawnSync('sh', [script], { encoding: 'utf8' })
  if (status !== 0) throw new UsageError(stderr.trim())
  return stdout.trim().split('\n').at(-1) ?? ''
}
