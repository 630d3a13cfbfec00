import { setFlagsFromString } from 'node:v8'
import { type PatternTree, readPatternTree } from '../prefilter/pattern-tree.ts'
import { compileLinear } from './linear-pattern.ts'
import type { OperatorContext, Span } from './operator.ts'
import { translatePcre } from './pcre-to-v8.ts'

/** A pattern of a rule, ready to run on one-byte strings. */
export interface Pattern {
  readonly regex: RegExp
  /** For each PCRE group, the whole match first, its place in V8's result. */
  readonly groups: readonly number[]
  /** What the pattern needs; `undefined`: unknown. */
  requires(): PatternTree | undefined
  /** Longest value that cannot take long. */
  readonly promptBytes: number
}

/** Without loops each byte is looked at a few times at most. */
export const PROMPT_BYTES_PLAIN = 16_384
/** V8 does not count what loops over single bytes take; from each byte to the end of the value makes n² steps. */
const PROMPT_BYTES_LOOPS = 1_024
/** Nothing bounds the steps, and what is repeated repeats something: each byte may double them. */
const PROMPT_BYTES_NESTED = 20
/** Nothing bounds the steps. */
const PROMPT_BYTES_UNBOUNDED = 256

/** Where the groups of matches stand in the value; those that took no part are left out. */
export function locateGroups({ regex, groups }: Pattern, value: string): Span[] {
  const spans: Span[] = []
  for (const { indices = [] } of value.matchAll(new RegExp(regex.source, `${regex.flags.replace('g', '')}dg`))) {
    for (const group of groups) {
      const found = indices[group]
      if (found !== undefined) spans.push({ offset: found[0], length: found[1] - found[0] })
    }
    if (!regex.global || spans.length >= SPAN_LIMIT) break
  }
  return spans
}

/**
 * The same, found in linear time: V8's engine for that says where a match is, but not where its groups are. The usual one does,
 * and need not look for the beginning.
 */
export function locateGroupsLinearly(pattern: Pattern, linear: RegExp, value: string): Span[] {
  const start = linear.exec(value)?.index
  if (start === undefined) return []
  const usual = new RegExp(pattern.regex.source, `${pattern.regex.flags}dy`)
  usual.lastIndex = start
  const { indices = [] } = usual.exec(value) ?? {}
  return pattern.groups.flatMap((group) => {
    const found = indices[group]
    return found === undefined ? [] : [{ offset: found[0], length: found[1] - found[0] }]
  })
}

/** A log line has no room for more. */
const SPAN_LIMIT = 100

/**
 * Compiles PCRE syntax as ModSecurity 2 does: `.` matches newlines, `$` only the very end. What V8 cannot do is refused
 * with its place.
 */
export function compilePattern(argument: string, context: OperatorContext, extraFlags: '' | 'g' = ''): Pattern {
  const { source, groups } = translatePcre(argument, (message, offset) => context.fail(message, offset))
  // After 50,000 steps back V8 goes on with an engine that takes linear time: `^(a+)+$` on 27 bytes takes milliseconds
  // instead of seconds. Patterns with look-around or large counted repetition keep the engine they have.
  setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks')
  setFlagsFromString('--enable-experimental-regexp-engine') // for `linearPattern`
  try {
    const regex = new RegExp(source, `s${extraFlags}`)
    regex.test('') // V8 compiles late, and only then finds that a pattern is too large
    return { regex, groups, requires: () => readPatternTree(source), promptBytes: promptBytesOf(source) }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return context.fail(`not a valid pattern: ${reason.length > LONGEST_REASON ? 'it is too large' : reason}`)
  }
}

function promptBytesOf(source: string): number {
  const quantifiers = source.replace(/\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]/g, '_')
  if (compileLinear(source, 's') === undefined)
    return /\)(?:[*+]|\{\d+,)/.test(quantifiers) ? PROMPT_BYTES_NESTED : PROMPT_BYTES_UNBOUNDED
  return /[*+]|\{\d+,\}/.test(quantifiers) ? PROMPT_BYTES_LOOPS : PROMPT_BYTES_PLAIN
}

/** V8 repeats the pattern in what it says. */
const LONGEST_REASON = 1_000
