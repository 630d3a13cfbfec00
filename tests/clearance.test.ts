import t from 'tap'
import { Clearance, type ClearedRequest, clear } from '../src/clearance.ts'
import { PASS, type Verdict } from '../src/http.ts'
import type { SiteOrigins } from '../src/origin/origins.ts'
import { edgeRequest } from './helpers/edge-request.ts'

const cleared: ClearedRequest = { request: edgeRequest(), body: { kind: 'none' } }

t.test('a pass gives a clearance that is spent once', (t) => {
  const clearance = clear(PASS, cleared)
  t.ok(clearance instanceof Clearance)
  t.equal(clearance?.spend(), cleared)
  t.throws(() => clearance?.spend(), TypeError)
  t.end()
})

t.test('no other verdict gives one', (t) => {
  const verdicts: Verdict[] = [
    { kind: 'block', status: 403, ruleId: 1 },
    { kind: 'redirect', status: 302, location: '/', ruleId: 1 },
    { kind: 'drop', ruleId: 1 },
    { kind: 'failed', reason: 'x', ruleId: undefined },
  ]
  for (const verdict of verdicts) t.equal(clear(verdict, cleared), undefined, verdict.kind)
  t.equal(verdicts.length, 4)
  t.end()
})

t.test('nobody else can make one', (t) => {
  // @ts-expect-error the constructor is private
  const forged = () => new Clearance(cleared)
  t.type(forged, 'function', 'the type checker refuses it: that is the test')
  t.throws(() => Clearance.prototype.spend.call({}), TypeError, 'a look-alike has no right')
  t.end()
})

t.test('the origin side takes nothing else', (t) => {
  const misuse = (origins: SiteOrigins) => {
    // @ts-expect-error a request is no clearance
    origins.forward(edgeRequest())
    // @ts-expect-error nor is what a clearance holds
    origins.forward(cleared)
    // @ts-expect-error nor is an object of the same shape
    origins.forward({ spend: () => cleared })
    // @ts-expect-error nor is the verdict
    origins.forward(PASS)
    // @ts-expect-error nor is what `clear` gives before it was looked at
    origins.forward(clear(PASS, cleared))
  }
  t.type(misuse, 'function')
  t.end()
})
