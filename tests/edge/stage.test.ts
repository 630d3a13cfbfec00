import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { Stage } from '../../src/edge/stage.ts'

t.test('those that came in one turn go on together, in order, and not at once', async (t) => {
  const stage = new Stage()
  const seen: string[] = []
  const goThrough = async (name: string) => {
    await stage.enter()
    seen.push(`${name} inspected`)
    await undefined // as each exchange does between its parts
    seen.push(`${name} forwarded`)
  }
  const all = ['a', 'b', 'c'].map(goThrough)
  await Promise.resolve()
  t.same(seen, [], 'nobody goes on while sockets are still being read')
  await Promise.all(all)
  t.same(seen, ['a inspected', 'b inspected', 'c inspected', 'a forwarded', 'b forwarded', 'c forwarded'])
})

t.test('who comes later goes through, too', async (t) => {
  const stage = new Stage()
  await stage.enter()
  await stage.enter()
  let entered = false
  const late = stage.enter().then(() => {
    entered = true
    return stage.enter() // from within a group
  })
  await late
  t.ok(entered)
})

t.test('who comes a turn later goes with the group, as long as it grows, but nobody waits for ever', async (t) => {
  const stage = new Stage()
  const order: string[] = []
  const entered: Promise<void>[] = []
  for (let turn = 1; turn <= 12; turn++) {
    entered.push(stage.enter().then(() => void order.push(`opened before ${entered.length + 1}`)))
    await nextTurn()
  }
  await Promise.all(entered)
  const groups = [...new Set(order)].map((group) => order.filter((one) => one === group).length)
  t.equal(order.length, 12)
  t.same(groups, [8, 4], `one came in each turn: ${order}`)
})

t.test('a group has a largest size: the event loop has a turn between two', async (t) => {
  const stage = new Stage()
  const order: number[] = []
  const turns: number[] = []
  let turn = 0
  const all = Array.from({ length: 150 }, async (_, i) => {
    await stage.enter()
    order.push(i)
    turns.push(turn)
  })
  const counting = (async () => {
    while (order.length < 150) {
      await nextTurn()
      turn++
    }
  })()
  await Promise.all([...all, counting])
  t.same(
    order,
    Array.from({ length: 150 }, (_, i) => i),
  )
  const sizes = [...new Set(turns)].map((number) => turns.filter((one) => one === number).length)
  t.same(sizes, [64, 64, 22])
})
