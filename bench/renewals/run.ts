import { parseLimit } from '../../src/config/ca-limits-schema.ts'
import { type Options, parseOptions, UsageError } from '../options.ts'
import { textTable } from '../text-table.ts'
import { barsOf, ratesOf } from './judge.ts'
import { caWith, defaultScenario, hourMs, type Scenario } from './scenario.ts'
import { simulate } from './simulate.ts'

const known = ['certificates', 'account-limit', 'accounts', 'renewals', 'ari', 'pace', 'seed'] as const

const help = `npm run simulate -- [options]      three years of a fleet's certificates, in a minute
  --certificates N          how many (default 1000000)
  --account-limit 300/3h    new orders that the CA takes of an account
  --accounts N              accounts that the fleet is spread over (default 1)
  --renewals exempt         exempt: only new names count against it, as with Let's Encrypt; counted: every order does
  --ari on                  on | off: whether the CA says when to renew (RFC 9773)
  --pace on                 on | off: whether renewals that can wait are spread
  --seed N                  another fleet, another fate (default 1)
  --json                    figures for a machine
Exit code 1: a bar was missed.
`

try {
  const options = parseOptions(process.argv.slice(2), known)
  if (options.has('help')) process.stdout.write(help)
  else run(scenarioOf(options), options.has('json'))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`${error.message}\n${help}`)
  process.exitCode = 2
}

function run(scenario: Scenario, asJson: boolean): void {
  const [started, cpuBefore] = [performance.now(), process.cpuUsage()]
  const outcome = simulate(scenario)
  const seconds = (performance.now() - started) / 1_000
  const { user, system } = process.cpuUsage(cpuBefore)
  const processorSeconds = (user + system) / 1e6
  const rates = ratesOf(scenario, outcome)
  const bars = barsOf(scenario, outcome)
  const { ordersOfHour: _, broken, ...figures } = outcome
  const { certificates, accounts, seed, ca } = scenario
  if (asJson) {
    const given = { certificates, accounts, seed, ca }
    console.log(
      JSON.stringify({
        ...given,
        ...rates,
        ...figures,
        broken: Object.fromEntries(broken),
        bars,
        seconds,
        processorSeconds,
      }),
    )
  } else {
    const number = (value: number) => Math.round(value).toLocaleString('en-US')
    const rows = [
      ['certificates', number(certificates)],
      ['orders', number(outcome.orders)],
      ['certificates issued', number(outcome.issued)],
      ['failed validations', number(outcome.failedValidations)],
      ['attempts while the CA was down', number(outcome.unreached)],
      ['answers about windows', number(outcome.askedForWindows)],
      ['orders an hour, mean', number(rates.mean)],
      ['orders an hour, peak', number(rates.peak)],
      ['  after the outage', number(rates.peakInOutage)],
      ['  after the revocation', number(rates.peakInRevocation)],
      ['least left at a renewal, days', outcome.leastLeft.days.toFixed(1)],
      ['least left at a renewal, of the life', `${(outcome.leastLeft.ofLife * 100).toFixed(1)} %`],
      ['longest queue of renewals that can wait', number(outcome.longestQueue)],
      ['revoked: last one replaced after, hours', (outcome.replacedAfterMs / hourMs).toFixed(1)],
      ['revoked: host broken meanwhile', number(outcome.hinderedByHost)],
      ['longest wait of a new name, days', (outcome.longestWaitMs / (24 * hourMs)).toFixed(1)],
      ['seconds', seconds.toFixed(1)],
      ['  of a processor', processorSeconds.toFixed(1)],
    ]
    console.log(textTable(['', `seed ${seed}`], rows))
    console.log(bars.map(({ name, isMet, found }) => `${isMet ? 'met   ' : 'MISSED'}  ${name}: ${found}`).join('\n'))
  }
  if (bars.some(({ isMet }) => !isMet)) process.exitCode = 1
}

function scenarioOf(options: Options): Scenario {
  const limit = parseLimit(options.text('account-limit', '300/3h'))
  if (limit.kind === 'wrong' || limit.value === 'off')
    throw new UsageError('--account-limit needs a limit such as 300/3h')
  return defaultScenario({
    certificates: wholeNumber(options, 'certificates', 1_000_000),
    accounts: wholeNumber(options, 'accounts', 1),
    seed: wholeNumber(options, 'seed', 1),
    hasAri: oneOf(options, 'ari', ['on', 'off']) === 'on',
    isPaced: oneOf(options, 'pace', ['on', 'off']) === 'on',
    ca: caWith(limit.value, { countsRenewals: oneOf(options, 'renewals', ['exempt', 'counted']) === 'counted' }),
  })
}

function wholeNumber(options: Options, name: string, fallback: number): number {
  const value = options.number(name, fallback, 1)
  if (!Number.isInteger(value)) throw new UsageError(`--${name} needs a whole number`)
  return value
}

function oneOf<const W extends string>(options: Options, name: string, words: readonly [W, ...W[]]): W {
  const text = options.text(name, words[0])
  const word = words.find((candidate) => candidate === text)
  if (word === undefined) throw new UsageError(`--${name} is one of: ${words.join(', ')}`)
  return word
}
