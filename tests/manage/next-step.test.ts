import t from 'tap'
import type { RenewalState } from '../../src/acme/renewal/renewal-state.ts'
import { nextStep, type PresentCertificate, renewalMs } from '../../src/manage/next-step.ts'

const dayMs = 86_400_000
const nowMs = Date.parse('2026-11-26T00:00:00Z')
const present: PresentCertificate = {
  id: 'aaaa.bbbb',
  names: ['shop.example', 'www.shop.example'],
  notBeforeMs: nowMs - 10 * dayMs,
  notAfterMs: nowMs + 80 * dayMs,
  isRevoked: false,
}
const window = { start: nowMs + 20 * dayMs, end: nowMs + 22 * dayMs, retryAtMs: nowMs + dayMs }
const asked: RenewalState = { failures: 0, certificateId: present.id, info: window, askInfoAtMs: nowMs + dayMs }
const past = { ...window, start: nowMs - 3 * dayMs, end: nowMs - 2 * dayMs }

interface Case {
  readonly it: string
  readonly present?: Partial<PresentCertificate> | 'none'
  readonly wanted?: readonly string[]
  readonly state?: Partial<RenewalState>
  readonly hasInfo?: boolean
  readonly expected: object
}

const renewal = renewalMs({ present, state: asked, nowMs })
const byLife = renewalMs({ present, state: { failures: 0 }, nowMs })

const cases: readonly Case[] = [
  {
    it: 'gets what is missing',
    present: 'none',
    state: { failures: 0 },
    expected: { kind: 'obtain', reason: 'missing' },
  },
  {
    it: 'waits out a failure',
    present: 'none',
    state: { nextAttemptMs: nowMs + 60_000 },
    expected: { kind: 'wait', untilMs: nowMs + 60_000 },
  },
  {
    it: 'tries again after it',
    present: 'none',
    state: { nextAttemptMs: nowMs },
    expected: { kind: 'obtain', reason: 'missing' },
  },
  {
    it: 'gets a name that was added',
    wanted: ['shop.example', 'new.example'],
    expected: { kind: 'obtain', reason: 'names' },
  },
  {
    it: 'does not mind names that are too many',
    wanted: ['shop.example'],
    expected: { kind: 'wait', untilMs: nowMs + dayMs },
  },
  { it: 'knows names in any case', wanted: ['SHOP.example'], expected: { kind: 'wait', untilMs: nowMs + dayMs } },
  {
    it: 'replaces a revoked one at once',
    present: { isRevoked: true },
    expected: { kind: 'obtain', reason: 'revoked' },
  },
  {
    it: 'replaces a revoked one at once, though it has just come',
    present: { isRevoked: true },
    state: { nextAttemptMs: nowMs + 60_000 },
    expected: { kind: 'obtain', reason: 'revoked' },
  },
  {
    it: 'waits out a failure to replace a revoked one',
    present: { isRevoked: true },
    state: { failures: 1, nextAttemptMs: nowMs + 60_000 },
    expected: { kind: 'wait', untilMs: nowMs + 60_000 },
  },
  {
    it: 'replaces an expired one',
    present: { notAfterMs: nowMs },
    hasInfo: false,
    expected: { kind: 'obtain', reason: 'expired' },
  },
  {
    it: 'asks about a new one',
    state: { certificateId: undefined, askInfoAtMs: undefined },
    expected: { kind: 'ask' },
  },
  {
    it: 'asks about a successor, whatever was said of the one before',
    state: { certificateId: 'other.id' },
    expected: { kind: 'ask' },
  },
  { it: 'asks again when it is time', state: { askInfoAtMs: nowMs }, expected: { kind: 'ask' } },
  { it: 'waits to ask again', expected: { kind: 'wait', untilMs: nowMs + dayMs } },
  {
    it: 'waits for the renewal if that comes first',
    state: { askInfoAtMs: nowMs + 70 * dayMs },
    expected: { kind: 'wait', untilMs: renewal },
  },
  { it: 'renews in a window of the past', state: { info: past }, expected: { kind: 'obtain', reason: 'due' } },
  {
    it: 'waits out a failure in a window of the past',
    state: { info: past, nextAttemptMs: nowMs + 60_000 },
    expected: { kind: 'wait', untilMs: nowMs + 60_000 },
  },
  { it: 'asks before it renews', state: { info: past, askInfoAtMs: nowMs }, expected: { kind: 'ask' } },
  {
    it: 'renews by its life where nobody can be asked',
    present: { notAfterMs: nowMs + 2 * dayMs },
    state: { info: undefined },
    hasInfo: false,
    expected: { kind: 'obtain', reason: 'due' },
  },
  {
    it: 'waits for its life where nobody can be asked',
    state: { certificateId: undefined, info: undefined },
    hasInfo: false,
    expected: { kind: 'wait', untilMs: byLife },
  },
]

for (const { it, expected, wanted = present.names, hasInfo = true, ...given } of cases) {
  t.test(it, async (t) => {
    const found = given.present === 'none' ? undefined : { ...present, ...given.present }
    t.strictSame(nextStep({ wanted, present: found, state: { ...asked, ...given.state }, hasInfo, nowMs }), expected)
  })
}

t.test('the point of renewal lies in the window, or within the last third of life', async (t) => {
  t.ok(renewal >= window.start && renewal <= window.end)
  t.ok(byLife > nowMs + 44 * dayMs && byLife <= nowMs + 50 * dayMs, new Date(byLife).toISOString())
  t.equal(cases.length, 20)
})
