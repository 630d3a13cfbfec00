import type { OperatorMatch, OperatorWord } from './operator.ts'
import { compilePattern } from './pattern.ts'

/** The regular expression matches somewhere in the value. */
export const rx: OperatorWord = {
  name: 'rx',
  argument: 'literal',
  compile: (argument, context) => {
    const { regex, groups } = compilePattern(argument, context)
    return {
      test: (value) => regex.test(value),
      exec: (value) => toMatch(regex.exec(value), groups),
    }
  },
}

function toMatch(match: RegExpExecArray | null, groups: readonly number[]): OperatorMatch | undefined {
  return match === null ? undefined : { captures: groups.map((group) => match[group]) }
}
