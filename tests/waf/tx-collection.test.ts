import t from 'tap'
import { NameTable } from '../../src/waf/compiler/name-table.ts'
import { Cell, Entry } from '../../src/waf/entry.ts'
import type { CompiledOperator } from '../../src/waf/operators/operator.ts'
import { toNumber } from '../../src/waf/to-number.ts'
import { TxCollection } from '../../src/waf/tx-collection.ts'
import { type Random, randomFrom } from '../helpers/random.ts'
import { runSize } from '../helpers/run-size.ts'

const { seed, count } = runSize({ usual: 2_000, full: 50_000 })

/** What TX is, said in the plainest way: a Map of lower-case names. */
class Model {
  readonly members = new Map<string, { key: string; value: string }>()

  set(name: string, value: string): void {
    const key = this.members.get(name.toLowerCase())?.key ?? name
    this.members.set(name.toLowerCase(), { key, value })
  }

  add(name: string, delta: number): void {
    const before = this.members.get(name.toLowerCase())?.value ?? ''
    this.set(name, String(toNumber(before) + delta))
  }

  matching(selector: CompiledOperator): string[] {
    return [...this.members.values()].filter(({ key }) => selector.test(key)).map(({ key, value }) => `${key}=${value}`)
  }
}

/** Said by rules, in these spellings; the rest only comes up at run time. */
const constants = ['a', 'A', 'Foo', 'foo', 'score', 'header_host', '1', '7']
const others = ['FOO', 'Score', 'header_Accept', 'HEADER_HOST', 'header_x', 'B', 'b', '']
/** The last two heed case, as a selector with `(?-i)` does. */
const selectors = [/^header_/i, /^[0-9]$/, /o/i, /nothing/, /^[A-Z]/, /^F/].map(
  (pattern): CompiledOperator => ({ test: (name) => pattern.test(name) }),
)
const texts = ['', '0', '5', '-3', '007', 'five', '9007199254740991']

function show(entries: readonly Entry[]): string[] {
  return entries.map(({ key, cell }) => `${key}=${cell.raw}`)
}

function change(random: Random, names: NameTable, { tx, model }: { tx: TxCollection; model: Model }): string {
  const isConstant = random.pick([true, false])
  const name = random.pick(isConstant ? constants : [...constants, ...others])
  const slot = isConstant ? names.find(name.toLowerCase()) : undefined
  const value = random.pick(texts)
  const delta = random.pick([0, 0, 1, -2, 40])
  const kind = random.pick(['set', 'set', 'put', 'add', 'add', 'delete'] as const)
  switch (kind) {
    case 'put':
    case 'set':
      if (slot === undefined) tx.set(name, value)
      else if (kind === 'set') tx.setAt(slot, name, value)
      else tx.put(slot, [new Entry('TX', name, new Cell(value))])
      model.set(name, value)
      break
    case 'add':
      if (slot === undefined) tx.add(name, delta)
      else tx.addAt(slot, name, delta)
      model.add(name, delta)
      break
    case 'delete':
      if (slot === undefined) tx.delete(name.toLowerCase())
      else tx.deleteAt(slot)
      model.members.delete(name.toLowerCase())
      break
    default:
      kind satisfies never
  }
  return `${kind} ${name} ${slot} ${value} ${delta}`
}

t.test('members, their order and their spelling are those of a Map', async (t) => {
  const random = randomFrom(seed)
  const names = new NameTable()
  for (const name of constants) names.slotOf(name)
  let changes = 0
  for (let run = 0; run < count; run++) {
    const both = { tx: new TxCollection(names), model: new Model() }
    const { tx, model } = both
    const done: string[] = []
    for (let i = 0; i < 30; i++) {
      const { version } = tx
      const before = [...model.members].join()
      done.push(change(random, names, both))
      changes++
      const expected = [...model.members.values()].map(({ key, value }) => `${key}=${value}`)
      const same =
        show(tx.entries()).join() === expected.join() &&
        selectors.every((selector) => show(tx.matching(selector)).join() === model.matching(selector).join()) &&
        [...constants, ...others].every((name) => {
          const known = model.members.get(name.toLowerCase())
          return show(tx.find(name.toLowerCase())).join() === (known ? `${known.key}=${known.value}` : '')
        }) &&
        (tx.version > version || before === [...model.members].join())
      if (!same) return t.fail(`seed ${seed}, run ${run}: ${done.join('; ')}`, { is: show(tx.entries()), expected })
    }
  }
  t.equal(changes, count * 30)
})

t.test('captures have the slots of their numbers', async (t) => {
  const names = new NameTable()
  const tx = new TxCollection(names)
  for (let i = 0; i < 10; i++) tx.setAt(i, String(i), `group ${i}`)
  t.strictSame(show(tx.find('0').concat(tx.find('9'))), ['0=group 0', '9=group 9'])
})
