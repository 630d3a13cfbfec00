import { linearPattern } from './linear-pattern.ts'
import type { CompiledOperator, OperatorMatch, OperatorWord } from './operator.ts'
import { compilePattern, locateGroups, locateGroupsLinearly, type Pattern } from './pattern.ts'

/** The regular expression matches somewhere in the value. */
export const rx: OperatorWord = {
  name: 'rx',
  argument: 'literal',
  compile: (argument, context) => {
    const pattern = compilePattern(argument, context)
    return {
      ...matcher(pattern.regex, pattern),
      locate: (value) => locateGroups(pattern, value),
      requires: pattern.requires,
      promptBytes: pattern.promptBytes,
      inLinearTime: () => {
        const regex = linearPattern(pattern.regex)
        return regex && { ...matcher(regex, pattern), locate: (value) => locateGroupsLinearly(pattern, regex, value) }
      },
    }
  },
}

function matcher(regex: RegExp, { groups }: Pattern): CompiledOperator {
  return {
    test: (value) => regex.test(value),
    exec: (value) => toMatch(regex.exec(value), groups),
  }
}

function toMatch(match: RegExpExecArray | null, groups: readonly number[]): OperatorMatch | undefined {
  return match === null ? undefined : { captures: groups.map((group) => match[group]) }
}
