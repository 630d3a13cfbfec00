import type { TransformNode } from '../entry.ts'
import { decodeInto } from '../transformations/base64-decode.ts'
import { roomFor } from '../transformations/byte-room.ts'
import {
  ALL_KINDS,
  ANYTHING,
  CONTROLS,
  HIGH,
  kinds,
  kindsOfBytes,
  LOWER,
  TWIN_BLANKS,
  TWIN_MARKS,
  UPPER,
} from './byte-kinds.ts'

/** What the kinds of bytes in a value tell about its transformation, without computing it. */
export interface Effect {
  /** `none`: the value comes back as it is. `case`: but for the case of letters. */
  readonly change: (mask: number) => 'none' | 'case' | 'bytes'
  /** Kinds that a changed value may have; too many are safe, too few are not. */
  readonly result: (mask: number) => number
}

const TWINS = TWIN_BLANKS | TWIN_MARKS
const SPACE = kinds(' ')
const BLANKS = SPACE | CONTROLS | HIGH
const DIGITS = kinds('0')
const BACKSLASH = kinds('\\')
const unknown: Effect = { change: () => 'bytes', result: () => ANYTHING }

/** Changes values that have any of these kinds. */
function touching(touched: number, result: Effect['result']): Effect {
  return { change: (mask) => ((mask & touched) === 0 ? 'none' : 'bytes'), result }
}

const decodesPercent: Effect = touching(kinds('%+'), (mask) =>
  (mask & kinds('%')) === 0 ? (mask & ~kinds('+')) | SPACE | TWINS : ANYTHING,
)
const decodesBackslash = touching(BACKSLASH, () => ANYTHING)
const trims = touching(BLANKS, (mask) => mask)
const hasDotSegment = (mask: number) => (mask & TWIN_MARKS) !== 0 || (mask & ALL_KINDS) === kinds('.')
const hasComment = (mask: number) => (mask & (TWIN_MARKS | kinds('#'))) !== 0

/** By the name of the transformation; one that is not here may make anything of any value. */
const effects: Readonly<Record<string, Effect>> = {
  none: { change: () => 'none', result: (mask) => mask },
  lowercase: { change: (mask) => ((mask & UPPER) === 0 ? 'none' : 'case'), result: (mask) => (mask & ~UPPER) | LOWER },
  uppercase: { change: (mask) => ((mask & LOWER) === 0 ? 'none' : 'case'), result: (mask) => (mask & ~LOWER) | UPPER },
  urlDecode: decodesPercent,
  urlDecodeUni: decodesPercent,
  htmlEntityDecode: touching(kinds('&'), () => ANYTHING),
  jsDecode: decodesBackslash,
  cssDecode: decodesBackslash,
  escapeSeqDecode: decodesBackslash,
  removeNulls: touching(CONTROLS, (mask) => mask | TWINS),
  replaceNulls: touching(CONTROLS, (mask) => mask | SPACE | TWINS),
  compressWhitespace: touching(CONTROLS | HIGH | TWIN_BLANKS, (mask) => mask | SPACE),
  removeWhitespace: touching(BLANKS, (mask) => (mask & ~SPACE) | TWINS),
  trim: trims,
  trimLeft: trims,
  trimRight: trims,
  normalizePath: { change: (mask) => (hasDotSegment(mask) ? 'bytes' : 'none'), result: (mask) => mask | TWINS },
  normalizePathWin: {
    change: (mask) => (hasDotSegment(mask) || (mask & BACKSLASH) !== 0 ? 'bytes' : 'none'),
    result: (mask) => (mask & ~BACKSLASH) | kinds('/') | TWINS,
  },
  replaceComments: {
    change: (mask) => ((mask & kinds('/')) !== 0 && (mask & kinds('*')) !== 0 ? 'bytes' : 'none'),
    result: (mask) => mask | SPACE | TWINS,
  },
  removeComments: {
    change: (mask) => (hasComment(mask) ? 'bytes' : 'none'),
    result: (mask) => mask | SPACE | CONTROLS | TWINS,
  },
  removeCommentsChar: { change: (mask) => (hasComment(mask) ? 'bytes' : 'none'), result: (mask) => mask | TWINS },
  utf8toUnicode: touching(HIGH, (mask) => mask | kinds('%u0') | TWINS),
  sqlHexDecode: {
    change: (mask) => ((mask & DIGITS) !== 0 && (mask & kinds('xX')) !== 0 ? 'bytes' : 'none'),
    result: () => ANYTHING,
  },
  cmdLine: { change: commandLineChange, result: commandLineResult },
}

function commandLineChange(mask: number): 'none' | 'case' | 'bytes' {
  const isSqueezed = (mask & SPACE) !== 0 && (mask & kinds('/(')) !== 0
  if (isSqueezed || (mask & (kinds('"\'\\^,;') | CONTROLS | TWIN_BLANKS)) !== 0) return 'bytes'
  return (mask & UPPER) === 0 ? 'none' : 'case'
}

function commandLineResult(mask: number): number {
  const kept = mask & ~(UPPER | kinds('"\'\\,;'))
  return (mask & UPPER) === 0 ? kept | SPACE | TWINS : kept | LOWER | SPACE | TWINS
}

/** What a whole chain of transformations makes of a value with these kinds of bytes. */
export interface ChainEffect {
  /** The chain gives the same bytes, but for the case of letters. */
  readonly isSame: boolean
  /** Kinds that the result may have. */
  readonly mask: number
}

export function effectOf({ name }: TransformNode): Effect {
  return effects[name] ?? unknown
}

/** What one step does to a string with these kinds of bytes. */
export function stepEffect(step: TransformNode, mask: number): ReturnType<Effect['change']> {
  return effectOf(step).change(mask)
}

/** Kinds of bytes that the result of a step may have which does something to the string. */
export function resultOf(step: TransformNode, mask: number): number {
  const result = effectOf(step).result(mask)
  // Bytes that took the place of others may stand beside each other in new ways.
  return stepEffect(step, mask) === 'case' ? result : result | TWINS
}

export function chainEffect(node: TransformNode | undefined, mask: number): ChainEffect {
  if (node === undefined) return { isSame: true, mask }
  const before = chainEffect(node.parent, mask)
  const change = stepEffect(node, before.mask)
  if (change === 'none') return before
  return { isSame: before.isSame && change === 'case', mask: resultOf(node, before.mask) }
}

/** Kinds of bytes of a result, found out with less work than the result itself. */
export type Peek = (value: string) => number

const peeks: Readonly<Record<string, Peek>> = {
  base64Decode(value) {
    const bytes = roomFor(value.length)
    return kindsOfBytes(bytes, decodeInto(bytes, value))
  },
}

export function peekOf({ name }: TransformNode): Peek | undefined {
  return peeks[name]
}

/** How much longer a result can be than the value, by transformation; those without effect here: without bound. */
const growths: Readonly<Record<string, number>> = { utf8toUnicode: 3, base64Decode: 0.75, base64DecodeExt: 0.75 }

/** What these steps make of a value is at most this many times as long as it. */
export function growth(steps: readonly TransformNode[]): number {
  return steps.reduce((product, { name }) => {
    return product * (growths[name] ?? (name in effects ? 1 : Number.POSITIVE_INFINITY))
  }, 1)
}

/** Names that have an effect here, for the test that tries each. */
export const transformationsWithEffect: readonly string[] = Object.keys(effects)
