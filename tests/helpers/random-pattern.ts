import type { Random } from './random.ts'

/** A pattern in PCRE's syntax, and strings that it was made to match: what reads patterns has no part in them. */
export interface RandomPattern {
  readonly source: string
  /** Matches most of the time: where anchors and look-arounds do not happen to forbid it. */
  sample(): string
}

interface Context {
  readonly random: Random
  readonly ignoreCase: boolean
  readonly depth: number
  /** Below a repetition there are but short ones: nested, they would take for ever to try. */
  readonly isRepeated: boolean
}

type Maker = (context: Context) => RandomPattern

/** Words as rules have them, so that there are long literals. */
const words = [
  'select',
  'UNION',
  'script',
  'onload',
  '/etc/passwd',
  '../',
  '<!--',
  'eval(',
  'a.b',
  '${',
  '--',
  '==',
  'x y',
  'é\xff',
  '\xc3\xa9',
]

/** Classes: how they are written, and whether a byte belongs. */
const classes: readonly (readonly [string, (byte: number) => boolean])[] = [
  ['\\d', (byte) => between(byte, '0', '9')],
  ['\\D', (byte) => !between(byte, '0', '9')],
  ['\\w', (byte) => isWord(byte)],
  ['\\W', (byte) => !isWord(byte)],
  ['\\s', (byte) => byte === 32 || (byte >= 9 && byte <= 13)],
  ['\\S', (byte) => byte !== 32 && !(byte >= 9 && byte <= 13)],
  ['[a-f0-9]', (byte) => between(byte, 'a', 'f') || between(byte, '0', '9')],
  ['[^a-z]', (byte) => !between(byte, 'a', 'z')],
  ['[^\\n"\'>]', (byte) => ![10, 34, 39, 62].includes(byte)],
  ['[[:alpha:]_-]', (byte) => between(byte, 'a', 'z') || between(byte, 'A', 'Z') || byte === 95 || byte === 45],
  ['[\\x80-\\xff]', (byte) => byte >= 0x80],
  ['[^\\x00-\\x7f]', (byte) => byte >= 0x80],
  ['[]^-]', (byte) => [93, 94, 45].includes(byte)],
  ['[/\\\\.]', (byte) => [47, 92, 46].includes(byte)],
  ['.', () => true],
]

export function randomPattern(random: Random): RandomPattern {
  const flags = random.pick(['', '', '', '(?i)', '(?m)', '(?i)(?s)'])
  const made = alternatives({ random, ignoreCase: flags.includes('i'), depth: 0, isRepeated: false })
  return { source: flags + made.source, sample: made.sample }
}

const alternatives: Maker = (context) => {
  const { random, depth } = context
  const branches = Array.from({ length: random.below(3) === 0 ? 1 + random.below(depth > 2 ? 2 : 5) : 1 }, () =>
    sequence(context),
  )
  return { source: branches.map(({ source }) => source).join('|'), sample: () => random.pick(branches).sample() }
}

const sequence: Maker = (context) => {
  const parts = Array.from({ length: 1 + context.random.below(4) }, () => piece(context))
  return {
    source: parts.map(({ source }) => source).join(''),
    sample: () => parts.map((part) => part.sample()).join(''),
  }
}

const piece: Maker = (context) => {
  const { random, depth } = context
  const maker = random.pick(depth > 3 ? simple : [...simple, ...compound])
  if (random.below(3) !== 0 || zeroWidth.has(maker)) return maker(context)
  return repeated(maker({ ...context, isRepeated: true }), context)
}

const letter: Maker = ({ random, ignoreCase }) => fixed(random.pick(['a', 'B', 'z', '0', '7', '_']), random, ignoreCase)
const word: Maker = ({ random, ignoreCase }) => group('(?:', fixed(random.pick(words), random, ignoreCase))
const byte: Maker = ({ random, ignoreCase }) => fixed(String.fromCharCode(random.below(256)), random, ignoreCase)
const hexadecimal: Maker = ({ random }) => {
  const value = random.below(256)
  const hex = value.toString(16).padStart(2, '0')
  return { source: random.pick([`\\x${hex}`, `\\x{${hex}}`]), sample: () => String.fromCharCode(value) }
}
const oneOf: Maker = ({ random }) => {
  const [source, has] = random.pick(classes)
  return {
    source,
    sample: () => {
      for (;;) {
        const found = random.below(256)
        if (has(found)) return String.fromCharCode(found)
      }
    },
  }
}
const quoted: Maker = ({ random }) => {
  const text = random.pick(['a+b', '(x)', '[y]', '$^'])
  return group('(?:', { source: `\\Q${text}\\E`, sample: () => text })
}
const anchor: Maker = ({ random }) => ({
  source: random.pick(['\\b', '\\B', '^', '$', '(?=.?)', '(?!zz)', '(?<!q)']),
  sample: () => '',
})
const lineEnd: Maker = ({ random }) => ({ source: '\\R', sample: () => random.pick(['\n', '\r\n', '\r', '\f']) })

const grouped: Maker = (context) => {
  const opening = context.random.pick(['(', '(?:', '(?>', '(?i:', '(?s:', '(?-i:'])
  const ignoreCase = opening === '(?i:' || (opening !== '(?-i:' && context.ignoreCase)
  return group(opening, alternatives({ ...context, ignoreCase, depth: context.depth + 1 }))
}
const lookAhead: Maker = (context) => {
  const ahead = sequence({ ...context, depth: context.depth + 2 })
  return { source: `(?=${ahead.source})(?:${ahead.source})`, sample: ahead.sample }
}

const simple: readonly Maker[] = [letter, letter, word, word, byte, hexadecimal, oneOf, oneOf, quoted, anchor, lineEnd]
const compound: readonly Maker[] = [grouped, grouped, grouped, lookAhead]
const zeroWidth: ReadonlySet<Maker> = new Set([anchor, lookAhead])

const shortRepetitions = [
  ['?', 0, 1],
  ['?+', 0, 1],
  ['{2}', 2, 2],
  ['{0}', 0, 0],
] as const
const repetitions = [
  ...shortRepetitions,
  ['*', 0, 3],
  ['+', 1, 4],
  ['*?', 0, 3],
  ['+?', 1, 2],
  ['++', 1, 2],
  ['{0,2}', 0, 2],
  ['{1,3}', 1, 3],
  ['{2,}', 2, 5],
  ['{1}', 1, 1],
] as const

function repeated(made: RandomPattern, { random, isRepeated }: Context): RandomPattern {
  const [text, least, most] = random.pick<(typeof repetitions)[number]>(isRepeated ? shortRepetitions : repetitions)
  return {
    source: made.source + text,
    sample: () => Array.from({ length: least + random.below(most - least + 1) }, () => made.sample()).join(''),
  }
}

function group(opening: string, { source, sample }: RandomPattern): RandomPattern {
  return { source: `${opening}${source})`, sample }
}

/** Bytes as they are, in either case where that counts as the same. */
function fixed(text: string, random: Random, ignoreCase: boolean): RandomPattern {
  const flip = (char: string): string => (random.below(2) === 0 ? char.toUpperCase() : char.toLowerCase())
  return {
    source: text.replace(/[^A-Za-z0-9_ \x80-\xff]/g, (char) => (/[\0-\x1f\x7f]/.test(char) ? hex(char) : `\\${char}`)),
    sample: () => (ignoreCase ? text.replace(/[A-Za-z]/g, flip) : text),
  }
}

function hex(char: string): string {
  return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
}

function between(byte: number, first: string, last: string): boolean {
  return byte >= first.charCodeAt(0) && byte <= last.charCodeAt(0)
}

function isWord(byte: number): boolean {
  return between(byte, 'a', 'z') || between(byte, 'A', 'Z') || between(byte, '0', '9') || byte === 95
}
