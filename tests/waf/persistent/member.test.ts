import fc from 'fast-check'
import t from 'tap'
import {
  appendOperation,
  applyOperation,
  type Member,
  type MemberOperation,
} from '../../../src/waf/persistent/member.ts'

type Step = { readonly afterMs: number } & (
  | { readonly kind: 'set'; readonly value: string }
  | { readonly kind: 'add'; readonly delta: number }
  | { readonly kind: 'delete' }
  | { readonly kind: 'expire'; readonly lifeMs: number }
  | { readonly kind: 'decay'; readonly amount: number; readonly periodMs: number }
)

// Positive additions: a sum that passes through zero within a batch may begin its periods of decay there, or not.
const afterMs = fc.integer({ min: 0, max: 40 })
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('set' as const), value: fc.constantFrom('7', 'text', ''), afterMs }),
    fc.record({ kind: fc.constant('add' as const), delta: fc.integer({ min: 1, max: 9 }), afterMs }),
    fc.record({ kind: fc.constant('delete' as const), afterMs }),
    fc.record({ kind: fc.constant('expire' as const), lifeMs: fc.integer({ min: 1, max: 90 }), afterMs }),
    fc.record({ kind: fc.constant('decay' as const), amount: fc.constant(2), periodMs: fc.constant(30), afterMs }),
  ),
  { maxLength: 12 },
)
const firstMember: fc.Arbitrary<Member | undefined> = fc.option(
  fc.record({
    name: fc.constant('n'),
    value: fc.constantFrom('5', undefined),
    expiresAtMs: fc.option(fc.integer({ min: 990, max: 1100 }), { nil: undefined }),
    sinceMs: fc.constant(1000),
  }),
  { nil: undefined },
)

function operationOf({ afterMs: _, ...step }: Step, atMs: number): MemberOperation {
  return step.kind === 'expire' ? { kind: 'expire', atMs, expiresAtMs: atMs + step.lifeMs } : { ...step, atMs }
}

const shown = (member: Member | undefined) => member && { value: member.value, expiresAtMs: member.expiresAtMs }

t.test('operations that were joined do what they do one by one', async (t) => {
  let longest = 0
  fc.assert(
    fc.property(firstMember, steps, (first, all) => {
      const pending: MemberOperation[] = []
      let member = first
      let nowMs = 1000
      for (const step of all) {
        nowMs += step.afterMs
        const operation = operationOf(step, nowMs)
        const hasLapsed = member?.expiresAtMs !== undefined && member.expiresAtMs <= nowMs
        if (hasLapsed) pending.push({ kind: 'lapse', atMs: nowMs })
        const after = applyOperation(member, 'n', operation)
        if (after === member) continue // nothing to tell
        member = after
        appendOperation(pending, operation)
      }
      longest = Math.max(longest, pending.length)
      const joined = pending.reduce((current, operation) => applyOperation(current, 'n', operation), first)
      t.strictSame(shown(joined), shown(member), JSON.stringify({ first, all, pending }))
    }),
    { numRuns: 3000 },
  )
  t.ok(longest > 1)
})

t.test('however often a counter is raised, one operation says it', async (t) => {
  const pending: MemberOperation[] = []
  for (let i = 0; i < 1000; i++) {
    appendOperation(pending, { kind: 'add', delta: 1, atMs: i })
    appendOperation(pending, { kind: 'expire', expiresAtMs: i + 60_000, atMs: i })
  }
  t.strictSame(pending, [
    { kind: 'add', delta: 1000, atMs: 0 },
    { kind: 'expire', expiresAtMs: 60_999, atMs: 0 },
  ])
})

t.test('additions of several processes add up in any order', async (t) => {
  const additions: MemberOperation[] = [1, 2, 3, -4, 5].map((delta) => ({ kind: 'add', delta, atMs: delta }))
  const total = (operations: readonly MemberOperation[]) =>
    operations.reduce<Member | undefined>((member, operation) => applyOperation(member, 'n', operation), undefined)
  t.equal(total(additions)?.value, '7')
  t.equal(total(additions.toReversed())?.value, '7')
})

t.test('deprecatevar takes whole periods, each once, and stops at zero', async (t) => {
  const decay = (atMs: number): MemberOperation => ({ kind: 'decay', amount: 60, periodMs: 300_000, atMs })
  const member: Member = { name: 'score', value: '100', expiresAtMs: undefined, sinceMs: 0 }
  t.equal(applyOperation(member, 'score', decay(299_999)), member, 'nothing has changed')
  const once = applyOperation(member, 'score', decay(599_000))
  t.equal(once?.value, '40')
  t.equal(applyOperation(once, 'score', decay(599_999)), once, 'the same period does not count again')
  t.equal(applyOperation(once, 'score', decay(600_000))?.value, '0')
  t.equal(applyOperation(undefined, 'score', decay(600_000)), undefined)
})
