import t from 'tap'
import { TransformationTrie } from '../../../src/waf/compiler/transformation-trie.ts'
import type { TransformNode } from '../../../src/waf/entry.ts'
import { ANYTHING, alphabetOf } from '../../../src/waf/prefilter/byte-kinds.ts'
import { LiteralScanner } from '../../../src/waf/prefilter/literal-scanner.ts'
import {
  chainEffect,
  growth,
  stepEffect,
  transformationsWithEffect,
} from '../../../src/waf/prefilter/transformation-effects.ts'
import { findTransformation, transformations } from '../../../src/waf/transformations/index.ts'
import type { TransformationWord } from '../../../src/waf/transformations/transformation.ts'
import { urlDecodeUniWith } from '../../../src/waf/transformations/url-decode-uni.ts'
import { type Random, randomFrom } from '../../helpers/random.ts'
import { isFullRun, runSize } from '../../helpers/run-size.ts'

/** What screening believes of a transformation has to hold for every value: a wrong belief is a way past the rules. */
const { seed, count } = runSize({ usual: 4_000, full: 200_000 })
const scanner = new LiteralScanner([])

/** What some transformation looks for; pieces of it, too, come about by joining. */
const triggers = [
  ...[
    '  ',
    ' ',
    '\t',
    '\n',
    '\r',
    '\v',
    '\f',
    '\0',
    '\xa0',
    '\x85',
    '\x7f',
    '\xff',
    '\xc0\xaf',
    '\xe2\x88\x95',
    '\xf0\x9f\x98\x80',
  ],
  ...[
    '/*',
    '*/',
    '<!--',
    '-->',
    '--',
    '-',
    '#',
    '//',
    '/',
    '.',
    '..',
    './',
    '../',
    '/.',
    '/..',
    '\\',
    '\\\\',
    '\\..\\',
    '..\\',
  ],
  ...[
    '%',
    '%4',
    '%41',
    '%00',
    '%20',
    '%u0041',
    '%u002',
    '%2e',
    '%2E',
    '%2f',
    '+',
    '++',
    '&',
    '&lt;',
    '&#x41',
    '&#0;',
    '&#46;',
    '&nbsp;',
  ],
  ...[
    '\\x41',
    '\\u0041',
    '\\uff0f',
    '\\101',
    '\\0',
    '\\n',
    '\\2e ',
    '\\2F',
    '\\\n',
    '0x41',
    '0x4',
    '0X2e2e',
    'x',
    '0',
    "'",
    '"',
    '^',
    '`',
  ],
  ...[
    ',',
    ';',
    ' /',
    ' (',
    '(',
    '^ (',
    '", (',
    'a',
    'Z',
    'AbC',
    'xyz',
    'QUJD',
    'Li4v',
    '==',
    '=',
    '_',
    ':',
    '@',
    '!',
    '{',
    '~',
    '$',
    '|',
    '<',
  ],
]

function randomValue(random: Random): string {
  let value = ''
  const parts = random.below(9)
  for (let part = 0; part < parts; part++) {
    value += random.below(6) === 0 ? String.fromCharCode(random.below(256)) : random.pick(triggers)
  }
  return value
}

/** All that the mask of a value may say of the value that comes out. */
function isWithin(mask: number, bound: number): boolean {
  return (mask & ~bound) === 0
}

function lower(value: string): string {
  return value.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** What is wrong with the effect of the last step, for a value that goes through the whole chain; `undefined`: nothing. */
function complaint(steps: readonly TransformNode[], value: string): string | undefined {
  const last = steps.at(-1)
  const { mask } = scanner.scan(value)
  const output = steps.reduce((before, step) => step.transform(before), value)
  const effect = chainEffect(last, mask)
  if (/[^\0-\xff]/.test(output)) return 'makes characters that are no bytes'
  if (effect.isSame && lower(output) !== lower(value)) return 'says that bytes stay the same'
  if (output.length > value.length * growth(steps)) return 'becomes longer than it says'
  if (effect.isSame && alphabetOf(effect.mask) !== alphabetOf(mask)) return 'stays the same in another alphabet'
  if (!isWithin(scanner.scan(output).mask, effect.mask)) return 'makes kinds of bytes that it does not say'
  return undefined
}

function stepComplaint(step: TransformNode, value: string): string | undefined {
  const output = step.transform(value)
  const change = stepEffect(step, scanner.scan(value).mask)
  if (change === 'none' && output !== value) return 'says that nothing changes'
  if (change === 'case' && lower(output) !== lower(value)) return 'says that case alone changes'
  return undefined
}

/** Nodes of a chain, as a program has them. */
function pathOf(words: readonly TransformationWord[]): TransformNode[] {
  return new TransformationTrie(new Map()).path(words)
}

function wordOf(name: string): TransformationWord {
  const word = findTransformation(name)
  if (word === undefined) throw new Error(`there is no transformation ${name}`)
  return word
}

for (const name of transformationsWithEffect) {
  t.test(`${name} does to values what its effect says`, async (t) => {
    const random = randomFrom(seed)
    const steps = pathOf([wordOf(name)])
    const [step] = steps as [TransformNode]
    const complaints: string[] = []
    let telling = 0
    for (let i = 0; i < count; i++) {
      const value = randomValue(random)
      if (stepEffect(step, scanner.scan(value).mask) !== 'bytes') telling++
      const found = stepComplaint(step, value) ?? complaint(steps, value)
      if (found !== undefined) complaints.push(`${found}: ${JSON.stringify(value)}`)
    }
    t.strictSame(complaints.slice(0, 10), [], `seed ${seed}`)
    t.ok(telling > count / 100, `of ${telling} values something was said`)
  })
}

t.test('urlDecodeUni with the map of another code page', async (t) => {
  const random = randomFrom(seed)
  const steps = pathOf([urlDecodeUniWith((codeUnit) => (codeUnit * 7) & 0xff)])
  const complaints: string[] = []
  for (let i = 0; i < count; i++) {
    const value = randomValue(random)
    const found = complaint(steps, value)
    if (found !== undefined) complaints.push(`${found}: ${JSON.stringify(value)}`)
  }
  t.strictSame(complaints.slice(0, 10), [], `seed ${seed}`)
})

t.test('chains of any transformations do to values what their effects say together', async (t) => {
  const random = randomFrom(seed)
  const known = [...transformationsWithEffect, 'base64Decode', 'base64DecodeExt'].map(wordOf)
  const complaints: string[] = []
  let telling = 0
  for (let i = 0; i < count * 10; i++) {
    const length = 1 + random.below(6)
    const words = Array.from({ length }, () => random.pick(random.below(12) === 0 ? transformations : known))
    const value = randomValue(random)
    const steps = pathOf(words)
    if (chainEffect(steps.at(-1), scanner.scan(value).mask).isSame) telling++
    const found = complaint(steps, value)
    if (found !== undefined) {
      complaints.push(`${found}: ${words.map(({ name }) => name).join(',')} ${JSON.stringify(value)}`)
    }
  }
  t.strictSame(complaints.slice(0, 10), [], `seed ${seed}`)
  t.ok(telling > count / 20, `of ${telling} values the chain was said to leave the bytes alone`)
})

t.test('values of one kind of bytes, and of two, at both ends of nothing', async (t) => {
  const complaints: string[] = []
  let tried = 0
  const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte))
  for (const name of transformationsWithEffect) {
    const steps = pathOf([wordOf(name)])
    const [step] = steps as [TransformNode]
    for (const first of ['', ...bytes]) {
      for (const second of isFullRun ? bytes : ['', first, 'a', ' ', '/', '.', '-', '*', '\\', '0', '4']) {
        for (const value of [first + second, `${first}${second}${first}`, `a${first}${second}b`]) {
          tried++
          const found = stepComplaint(step, value) ?? complaint(steps, value)
          if (found !== undefined) complaints.push(`${name} ${found}: ${JSON.stringify(value)}`)
        }
      }
    }
  }
  t.strictSame(complaints.slice(0, 10), [])
  t.ok(tried > 150_000, `${tried} values`)
})

t.test('a name that is no word, and a word without an effect, may make anything of any value', async (t) => {
  const without = transformations.filter(({ name }) => !transformationsWithEffect.includes(name))
  t.ok(without.length >= 10, `${without.length} words`)
  for (const word of [...without, { name: 'unheardOf', transform: () => 'x' }]) {
    const [step] = pathOf([word]) as [TransformNode]
    t.equal(stepEffect(step, 0), 'bytes', word.name)
    t.same(chainEffect(step, 0), { isSame: false, mask: ANYTHING })
  }
})
