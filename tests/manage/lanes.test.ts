import t from 'tap'
import { Lanes } from '../../src/manage/lanes.ts'

const never = new AbortController().signal

t.test('so many at a time, the most urgent of those that wait first', async (t) => {
  const lanes = new Lanes(2)
  const begun: string[] = []
  const gates = new Map<string, () => void>()
  let [running, most] = [0, 0]
  const work = (name: string, rank: number) =>
    lanes.run(
      async () => {
        begun.push(name)
        most = Math.max(most, ++running)
        await new Promise<void>((resolve) => gates.set(name, resolve))
        running--
      },
      { rank, signal: never },
    )
  const all = [work('a', 9), work('b', 9), work('late', 5), work('urgent', 0), work('late too', 5), work('last', 7)]
  for (const expected of ['a', 'b', 'urgent', 'late', 'late too', 'last']) {
    while (!gates.has(expected)) await new Promise((resolve) => setImmediate(resolve))
    gates.get(expected)?.()
  }
  await Promise.all(all)
  t.same(begun, ['a', 'b', 'urgent', 'late', 'late too', 'last'])
  t.equal(most, 2)
})

t.test('work that fails gives its lane back; who gives up waiting takes none', async (t) => {
  const lanes = new Lanes(1)
  await t.rejects(
    lanes.run(() => Promise.reject(new Error('no')), { rank: 0, signal: never }),
    { message: 'no' },
  )
  let open = () => {}
  const first = lanes.run(
    () =>
      new Promise<void>((resolve) => {
        open = resolve
      }),
    { rank: 0, signal: never },
  ) // prettier-ignore
  const controller = new AbortController()
  const waiting = lanes.run(async () => t.fail('ran'), { rank: 0, signal: controller.signal })
  const after = lanes.run(async () => 'ran', { rank: 1, signal: never })
  controller.abort(new Error('gone'))
  await t.rejects(waiting, { message: 'gone' })
  open()
  await first
  t.equal(await after, 'ran')
  await t.rejects(
    lanes.run(async () => 1, { rank: 0, signal: controller.signal }),
    { message: 'gone' },
  )
})
