import t from 'tap'
import {
  afterDelay,
  afterFailure,
  afterInfo,
  afterInfoFailure,
  afterSuccess,
  dueAtMs,
  freshRenewalState,
  isUrgent,
  parseRenewalState,
} from '../../../src/acme/renewal/renewal-state.ts'
import { EdgeError } from '../../../src/errors.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const nowMs = Date.parse('2026-11-26T12:00:00Z')
const certificate = { id: 'aki.serial', notBeforeMs: nowMs, notAfterMs: nowMs + 90 * dayMs }
const info = {
  start: nowMs + 50 * dayMs,
  end: nowMs + 52 * dayMs,
  retryAtMs: nowMs + 6 * hourMs,
  explanationUrl: 'https://ca/why',
}
const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value))

t.test('a life: told a window, failed, told to wait, failed again, renewed', async (t) => {
  const told = afterInfo(freshRenewalState, certificate, { info, nowMs })
  const dueMs = dueAtMs(certificate, told)
  t.ok(dueMs >= info.start && dueMs <= info.end)
  const failed = afterFailure(told, certificate, { error: new Error('no route'), nowMs: dueMs })
  t.match(failed, { failures: 1, lastAttemptMs: dueMs, lastError: { message: 'no route', atMs: dueMs }, info })
  t.ok(dueAtMs(certificate, failed) > dueMs && dueAtMs(certificate, failed) < dueMs + 2 * 60_000)
  const retryAt = new Date(dueMs + dayMs).toISOString()
  const limited = new EdgeError('ACME_EDGE_ACME_RATE_LIMITED', 'later', { details: { retryAt } })
  const waiting = afterFailure(failed, certificate, { error: limited, nowMs: dueMs })
  t.match(waiting, { failures: 2, nextAttemptMs: dueMs + dayMs, lastError: { code: 'ACME_EDGE_ACME_RATE_LIMITED' } })
  const delayed = afterDelay(failed, dueMs + 5 * hourMs)
  t.match(delayed, { failures: 1, nextAttemptMs: dueMs + 5 * hourMs })
  t.strictSame(afterSuccess(dueMs + dayMs), { failures: 0, lastAttemptMs: dueMs + dayMs })
})

t.test('what the CA said holds on while it cannot be asked, and never for another certificate', async (t) => {
  const told = afterInfo(freshRenewalState, certificate, { info, nowMs })
  const silent = afterInfoFailure(told, certificate.id, { error: new Error('no route'), nowMs })
  t.match(silent, { info, askInfoAtMs: nowMs + 6 * hourMs })
  const next = { ...certificate, id: 'aki.other' }
  t.equal(afterInfoFailure(told, next.id, { error: new Error('no route'), nowMs }).info, undefined)
  t.ok(dueAtMs(next, told) > info.end, 'the window of the predecessor is not its')
})

t.test('the state is JSON and comes back as it was; what is none counts as none', async (t) => {
  const told = afterInfo(freshRenewalState, certificate, { info, nowMs })
  const state = afterFailure(told, certificate, { error: new Error('no route'), nowMs })
  t.same(parseRenewalState(bytesOf(state)), JSON.parse(JSON.stringify(state)))
  const junk = [undefined, Buffer.from('{'), bytesOf([]), bytesOf({ failures: -1 }), bytesOf({ failures: '1' })]
  for (const bytes of junk) t.strictSame(parseRenewalState(bytes), freshRenewalState)
  const partly = { failures: 2, info: { start: 'x' }, nextAttemptMs: null, lastError: 7 }
  t.strictSame(parseRenewalState(bytesOf(partly)), { failures: 2 })
})

t.test('urgent: a window moved to the past, once and for this certificate alone; or the emergency', async (t) => {
  const told = afterInfo(freshRenewalState, certificate, { info, nowMs })
  t.notOk(isUrgent(certificate, told, nowMs))
  t.ok(isUrgent(certificate, told, nowMs + 82 * dayMs), 'less than a tenth of the life is left')
  const laterMs = nowMs + 20 * dayMs
  const past = { ...info, start: laterMs - 2 * hourMs, end: laterMs - hourMs }
  const moved = afterInfo(told, certificate, { info: past, nowMs: laterMs })
  t.ok(isUrgent(certificate, moved, laterMs))
  t.ok(isUrgent(certificate, afterInfo(moved, certificate, { info: past, nowMs: laterMs + dayMs }), laterMs + dayMs))
  t.ok(isUrgent(certificate, parseRenewalState(bytesOf(moved)), laterMs), 'after a restart, too')
  t.notOk(isUrgent({ ...certificate, id: 'aki.other' }, moved, laterMs))
  t.ok(
    isUrgent(certificate, afterInfo(freshRenewalState, certificate, { info: past, nowMs: laterMs }), laterMs),
    'at once',
  )
  const overMs = info.end + dayMs
  t.notOk(isUrgent(certificate, afterInfo(told, certificate, { info, nowMs: overMs }), overMs), 'over is not moved')
  t.strictSame(afterSuccess(laterMs).isHastened, undefined)
})
