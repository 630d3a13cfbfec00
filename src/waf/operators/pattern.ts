import { setFlagsFromString } from 'node:v8'
import { type PatternTree, readPatternTree } from '../prefilter/pattern-tree.ts'
import type { OperatorContext, Span } from './operator.ts'
import { translatePcre } from './pcre-to-v8.ts'

/** A pattern of a rule, ready to run on one-byte strings. */
export interface Pattern {
  readonly regex: RegExp
  /** For each PCRE group, the whole match first, its place in V8's result. */
  readonly groups: readonly number[]
  /** What the pattern needs; `undefined`: unknown. */
  requires(): PatternTree | undefined
}

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
  try {
    const regex = new RegExp(source, `s${extraFlags}`)
    regex.test('') // V8 compiles late, and only then finds that a pattern is too large
    return { regex, groups, requires: () => readPatternTree(source) }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return context.fail(`not a valid pattern: ${reason.length > LONGEST_REASON ? 'it is too large' : reason}`)
  }
}

/** V8 repeats the pattern in what it says. */
const LONGEST_REASON = 1_000
