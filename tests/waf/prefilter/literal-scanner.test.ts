import t from 'tap'
import { kinds, TWIN_BLANKS, TWIN_MARKS } from '../../../src/waf/prefilter/byte-kinds.ts'
import { LiteralScanner } from '../../../src/waf/prefilter/literal-scanner.ts'
import { type Random, randomFrom } from '../../helpers/random.ts'
import { runSize } from '../../helpers/run-size.ts'

const { seed, count } = runSize({ usual: 600, full: 30_000 })

function text(random: Random, longest: number, letters: string): string {
  return Array.from({ length: random.below(longest + 1) }, () => letters[random.below(letters.length)]).join('')
}

const everyByte = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join('')
const lowerBytes = everyByte.replace(/[A-Z]/g, '')

function found(scanner: LiteralScanner, value: string): readonly string[] {
  return scanner
    .scan(value)
    .hits.map((hit) => scanner.literals[hit] ?? '')
    .toSorted()
}

function lower(value: string): string {
  return value.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

const lengths = [0, 10, 40, 40, 40, 100, 200, 400, 4200]

t.test('finds what is there, and nothing else', async (t) => {
  const random = randomFrom(seed)
  const wrong: string[] = []
  let [hits, long] = [0, 0]
  for (let i = 0; i < count; i++) {
    // Few letters make texts that begin, end and contain each other; all bytes make many classes.
    const [mine, theirs] = random.pick([
      ['ab', 'abAB'],
      ['ab-/. ', 'aAbB-/. '],
      [lowerBytes, everyByte],
    ] as const)
    // Beyond eight bytes the rest is compared; many begin alike.
    const stems = ['', '', text(random, 8, mine), text(random, 8, mine)]
    const literals = Array.from({ length: 1 + random.below(60) }, () => {
      return random.pick(stems) + text(random, random.pick([6, 6, 20]), mine)
    }).filter((each) => each !== '')
    const scanner = new LiteralScanner(literals)
    for (let times = 0; times < 5; times++) {
      const pieces = Array.from({ length: random.below(6) }, () => random.pick(['', ...literals]).toUpperCase())
      // Longer ones are read in four lanes, and in stretches of 4 KB; what is found lies anywhere, also across two of them.
      const [before, behind] = [random.pick(lengths), random.pick(lengths)]
      const middle = pieces.join(text(random, 2, theirs))
      const value = (text(random, before, theirs) + middle + text(random, behind, theirs)).replace(/[^\0-\xff]/g, '')
      if (value.length > 192) long++
      const lowerCase = lower(value)
      const twins = ['  ', '//', './', '/.', '..', '--']
      const expected = [...new Set([...literals, ...twins])].filter((literal) => lowerCase.includes(literal)).toSorted()
      hits += expected.length
      const got = found(scanner, value)
      if (got.join('\n') !== expected.join('\n')) wrong.push(JSON.stringify({ literals, value, got, expected }))
    }
  }
  t.strictSame(wrong.slice(0, 3), [], `seed ${seed}`)
  t.ok(hits > count * 10, `${hits} hits`)
  t.ok(long > count, `${long} long values`)
})

t.test('notes kinds of bytes and twins', async (t) => {
  const random = randomFrom(seed)
  const scanner = new LiteralScanner(['select', '../', '--x', ' '])
  for (let i = 0; i < 2_000; i++) {
    const value = text(random, 8, random.pick([everyByte, './- a', '/ -.']))
    const blanks = value.includes('  ') ? TWIN_BLANKS : 0
    const marks = /\/\/|\.\/|\/\.|\.\.|--/.test(value) ? TWIN_MARKS : 0
    const { mask, length } = scanner.scan(value)
    if (mask !== (kinds(value) | blanks | marks) || length !== value.length) t.fail(JSON.stringify(value))
  }
  t.same(scanner.scan(''), { mask: 0, length: 0, hits: [] })
})

t.test('each hit is noted once, in a value of a megabyte as well', async (t) => {
  const scanner = new LiteralScanner(['needle', 'x'])
  const { hits, length } = scanner.scan(`${'x'.repeat(1_000_000)}NEEDLE`)
  t.equal(length, 1_000_006)
  t.equal(hits.length, 2)
  t.same(found(scanner, 'nothing'), [])
})

t.test('more than 65,536 states', async (t) => {
  const literals = Array.from({ length: 9_000 }, (_, i) => `${i.toString(36)}-${(i * 7_919).toString(36)}=${i}`)
  const scanner = new LiteralScanner(literals)
  for (let i = 0; i < literals.length; i += 97) {
    const literal = literals[i] ?? ''
    if (!found(scanner, `<${literal.toUpperCase()}>`).includes(literal)) t.fail(literal)
  }
  t.ok(literals.join('').length > 65_536)
})

t.test('what begins literals again and again and never goes on is believed in the end', async (t) => {
  const literals = Array.from('abcdefghijklmnopqrst', (letter) => `<script ${letter}`)
  const scanner = new LiteralScanner(literals)
  t.same(found(scanner, '<script -'.repeat(20)), [], 'not for some of them')
  t.same(found(scanner, `${'<script -'.repeat(20)}<SCRIPT C`), ['<script c'])
  t.same(found(scanner, '<script -'.repeat(2_000)), literals, 'more than one that fails for a byte')
  t.same(found(scanner, '<script -'), [], 'each value for itself')
})

t.test('a value that is scanned piece by piece comes to the same', async (t) => {
  const random = randomFrom(seed)
  let wrong = 0
  let hits = 0
  for (let i = 0; i < count; i++) {
    const literals = Array.from({ length: 4 }, () => text(random, random.pick([4, 4, 14]), 'ab-')).filter(
      (literal) => literal !== '',
    )
    const scanner = new LiteralScanner(literals)
    const value = text(random, 60, 'ab- \t')
    const whole = scanner.scan(value)
    let scan = scanner.scan('')
    while (scan.length < value.length) scan = scanner.scanMore(value, scan, 1 + random.below(7))
    hits += scan.hits.length
    const texts = scan.hits.map((hit) => scanner.literals[hit] ?? '').toSorted()
    if (scan.mask !== whole.mask || texts.join() !== found(scanner, value).join()) wrong++
  }
  t.equal(wrong, 0, `${count} values, ${hits} hits`)
  t.ok(hits > count / 2)
})
