import t from 'tap'
import { OldestFirst } from '../../../src/waf/persistent/oldest-first.ts'

t.test('gives keys in the order in which they were set last, whatever happens in between', async (t) => {
  const map = new Map<number, string>()
  const oldest = new OldestFirst(map)
  t.equal(oldest.next(), undefined)
  const model: number[] = []
  const put = (key: number) => {
    map.delete(key)
    map.set(key, '')
    if (model.includes(key)) model.splice(model.indexOf(key), 1)
    model.push(key)
  }
  let seed = 1
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  let taken = 0
  for (let i = 0; i < 5_000; i++) {
    for (let n = random(4); n > 0; n--) put(random(300))
    if (random(9) === 0) {
      const [gone] = model.splice(random(model.length || 1), 1)
      if (gone !== undefined) map.delete(gone)
    }
    for (let n = random(4); n > 0; n--) {
      const key = oldest.next()
      if (key !== model.shift()) return t.fail(`step ${i}`)
      if (key === undefined) continue
      map.delete(key)
      taken++
    }
  }
  t.ok(taken > 1000, `${taken} keys`)
})
