import t from 'tap'
import { pollUntil } from '../../src/acme/retry.ts'

t.test('what was just asked of the CA is looked at a moment later, anything else at once', async (t) => {
  for (const [isJustAsked, least, most] of [
    [true, 95, 1_000],
    [false, 0, 50],
  ] as const) {
    const [first] = await looks({ isJustAsked, answers: ['valid'] })
    t.ok(first !== undefined && first >= least && first < most, `${isJustAsked}: after ${first} ms`)
  }
})

t.test('between looks the CA says how long to wait', async (t) => {
  const answers = ['processing', 'processing', 'valid']
  const [first = 0, second = 0, third = 0] = await looks({ isJustAsked: true, answers, retryAfter: '1' })
  t.ok(second - first >= 995 && third - second >= 995, `${second - first}, ${third - second} ms`)
  const [at = 0, next = 0] = await looks({ isJustAsked: true, answers: ['processing', 'valid'] })
  t.ok(next - at >= 245 && next - at < 950, `it does not say: ${next - at} ms`)
})

interface Polling {
  readonly isJustAsked: boolean
  readonly answers: readonly string[]
  readonly retryAfter?: string
}

/** When each look came, in milliseconds since the beginning. */
async function looks({ isJustAsked, answers, retryAfter }: Polling): Promise<number[]> {
  const startMs = performance.now()
  const times: number[] = []
  const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': retryAfter }
  const read = async () => {
    times.push(performance.now() - startMs)
    return { status: answers[times.length - 1], response: { status: 200, headers, data: {} } }
  }
  await pollUntil({ read, isDone: ({ status }) => status === 'valid', isJustAsked }, AbortSignal.timeout(10_000))
  return times
}
