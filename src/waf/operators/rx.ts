import type { OperatorMatch, OperatorWord } from './operator.ts'
import { compilePattern, locateGroups } from './pattern.ts'

/** The regular expression matches somewhere in the value. */
export const rx: OperatorWord = {
  name: 'rx',
  argument: 'literal',
  compile: (argument, context) => {
    const pattern = compilePattern(argument, context)
    const { regex, groups, requires } = pattern
    return {
      requires,
      test: (value) => regex.test(value),
      exec: (value) => toMatch(regex.exec(value), groups),
      locate: (value) => locateGroups(pattern, value),
    }
  },
}

function toMatch(match: RegExpExecArray | null, groups: readonly number[]): OperatorMatch | undefined {
  return match === null ? undefined : { captures: groups.map((group) => match[group]) }
}
