import fc from 'fast-check'
import t, { type Test } from 'tap'
import { type Bench, startBench } from '../helpers/edge-cases.ts'
import { pathBlindRules } from '../helpers/edge-process.ts'
import { type IsActive, isAnswered } from '../helpers/invariant-model.ts'
import { bytesOf, isPlainTarget, type NearMiss, nearMisses, onAnotherPath } from '../helpers/near-misses.ts'
import { headerValues, type RawResponse } from '../helpers/raw-response.ts'
import { type DrivenRequest, driveAll } from '../helpers/request-driver.ts'
import { runSize } from '../helpers/run-size.ts'
import { type Fate, fateOf, isNoWeaker } from '../helpers/verdict-of.ts'

t.setTimeout(900_000)

const hostsServed = ['shop.example', 'other.example']
const active = {
  'shop.example': ['a'.repeat(22), `Zk9_-${'b'.repeat(38)}`, 'c'.repeat(128)],
  'other.example': ['d'.repeat(43)],
}
const inactive = ['e'.repeat(43), 'f'.repeat(21), 'g'.repeat(129), '__proto__', `h${'i'.repeat(42)}`]
const keyEnd = '.thumbprint-of-the-account-key'
const isActive: IsActive = (host, token) => new Map(Object.entries(active)).get(host)?.includes(token) ?? false
const attacks = [
  'attack-marker',
  "1' OR '1'='1' -- ",
  '<script>alert(1)</script>',
  '../../../../etc/passwd',
  `\${jndi:ldap://x.example/a}`,
  '; cat /etc/passwd',
]

interface Judged {
  readonly request: NearMiss
  readonly bytes: string
  readonly fate: Fate
  readonly twin: Fate
}

/** Generates, sends each request and its twin on another path, and gives what became of both. */
async function judgeAll(bench: Bench, { seed, count }: { seed: number; count: number }): Promise<Judged[]> {
  const tokens = [...Object.values(active).flat(), ...inactive]
  const generated = fc.sample(nearMisses({ tokens, attacks }), { numRuns: count, seed })
  const judged: Judged[] = []
  for (let from = 0; from < generated.length; from += 1_000) {
    const slice = generated.slice(from, from + 1_000)
    const probes = slice.map((request, i) => ({ request, bytes: bytesOf(request, `p${from + i}`) }))
    const fates = await fatesOf(bench, probes)
    const twins = await fatesOf(
      bench,
      slice.map((one, i) => ({ request: one, bytes: bytesOf(onAnotherPath(one), `t${from + i}`) })),
    )
    probes.forEach((probe, i) => {
      judged.push({ ...probe, fate: fates[i] ?? 'broken', twin: twins[i] ?? 'broken' })
    })
  }
  return judged
}

async function fatesOf(bench: Bench, probes: readonly { request: NearMiss; bytes: string }[]): Promise<Fate[]> {
  bench.origin.forget()
  const driven = probes.map(
    ({ request, bytes }): DrivenRequest => ({
      bytes,
      head: request.method === 'HEAD',
      cuts: request.cuts,
      alone: request.framing.length > 0,
    }),
  )
  const responses = await driveAll(bench.http, driven)
  const arrivals = new Map<string, number>()
  for (const received of bench.origin.requests) {
    const [probe = ''] = headerValues(received, 'x-probe')
    arrivals.set(probe, (arrivals.get(probe) ?? 0) + 1)
  }
  return probes.map(({ bytes }, i) =>
    agreedFate(responses[i], arrivals.get(/X-Probe: (\w+)/.exec(bytes)?.[1] ?? '') ?? 0),
  )
}

/** What the client saw has to fit what the origin saw; where it does not, the fate is `broken`. */
function agreedFate(response: RawResponse | undefined, arrivals: number): Fate {
  const fate = fateOf(response, keyEnd)
  return arrivals === (fate === 'passed' ? 1 : 0) ? fate : 'broken'
}

function report(t: Test, title: string, judged: readonly Judged[], isWrong: (one: Judged) => boolean): void {
  const wrong = judged.filter(isWrong).sort((a, b) => a.bytes.length - b.bytes.length)
  t.same(
    wrong.slice(0, 3).map(({ bytes, fate, twin }) => ({ bytes, fate, twin })),
    [],
    `${title} (${wrong.length} of ${judged.length} against it)`,
  )
}

async function publishAll(bench: Bench): Promise<void> {
  for (const [host, tokens] of Object.entries(active)) for (const token of tokens) await bench.edge.publish(host, token)
  const withdrawn = `h${'i'.repeat(42)}`
  await bench.edge.publish('shop.example', withdrawn)
  await bench.edge.withdraw('shop.example', withdrawn)
}

function announce(t: Test, judged: readonly Judged[], { seed, count }: { seed: number; count: number }): void {
  const tally = new Map<Fate, number>()
  for (const { fate } of judged) tally.set(fate, (tally.get(fate) ?? 0) + 1)
  t.comment(`seed ${seed}, ${count} requests and as many on another path: ${JSON.stringify(Object.fromEntries(tally))}`)
  t.equal(judged.length, count)
  for (const fate of ['answered', 'passed', 'blocked', 'refused'] as const)
    t.ok((tally.get(fate) ?? 0) > count / 100, `the generator reaches: ${fate}`)
}

t.test('answered ⇔ the invariant; otherwise the verdict does not depend on the path', async (t) => {
  const size = runSize({ usual: 6_000, full: 60_000 })
  const bench = await startBench(t, {
    hosts: hostsServed,
    rules: [pathBlindRules],
    limits: { requests_per_socket: 1_000_000 },
  })
  await publishAll(bench)
  const judged = await judgeAll(bench, size)
  announce(t, judged, size)
  report(
    t,
    'answered exactly when the invariant holds',
    judged,
    ({ bytes, fate }) => (fate === 'answered') !== isAnswered(bytes, isActive),
  )
  report(
    t,
    'every request gets a proper verdict',
    judged,
    ({ fate, twin }) => fate === 'broken' || twin === 'broken' || twin === 'answered',
  )
  const others = judged.filter(({ fate }) => fate !== 'answered')
  report(
    t,
    'the verdict is that of another path',
    others,
    ({ request, fate, twin }) => isPlainTarget(request.target) && fate !== twin,
  )
  report(t, 'the verdict is never weaker than on another path', others, ({ fate, twin }) => !isNoWeaker(fate, twin))
})

t.test('with the shipped rules nothing under the challenge path is judged more weakly', async (t) => {
  const size = runSize({ usual: 4_000, full: 40_000 })
  const bench = await startBench(t, {
    hosts: hostsServed,
    rules: ['@acme-edge'],
    limits: { requests_per_socket: 1_000_000 },
  })
  await publishAll(bench)
  const judged = await judgeAll(bench, { ...size, seed: size.seed + 1 })
  announce(t, judged, { ...size, seed: size.seed + 1 })
  report(
    t,
    'answered exactly when the invariant holds',
    judged,
    ({ bytes, fate }) => (fate === 'answered') !== isAnswered(bytes, isActive),
  )
  report(
    t,
    'every request gets a proper verdict',
    judged,
    ({ fate, twin }) => fate === 'broken' || twin === 'broken' || twin === 'answered',
  )
  const others = judged.filter(({ fate }) => fate !== 'answered')
  report(t, 'the verdict is never weaker than on another path', others, ({ fate, twin }) => !isNoWeaker(fate, twin))
})
