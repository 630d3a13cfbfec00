import type { OperatorWord } from './operator.ts'
import { compilePattern, locateGroups } from './pattern.ts'

/** TX:0 to TX:9 take ten captures; more would only cost time. */
const captureLimit = 10

/** @rx that captures from every match in the value, one after the other, not from the first alone. */
export const rxGlobal: OperatorWord = {
  name: 'rxGlobal',
  argument: 'literal',
  compile: (argument, context) => {
    const { regex } = compilePattern(argument, context)
    const pattern = compilePattern(argument, context, 'g')
    const { regex: everywhere, groups, requires, promptBytes } = pattern
    return {
      requires,
      promptBytes,
      test: (value) => regex.test(value),
      exec: (value) => {
        const captures: (string | undefined)[] = []
        for (const match of value.matchAll(everywhere)) {
          captures.push(...groups.map((group) => match[group]))
          if (captures.length >= captureLimit) break
        }
        return captures.length === 0 ? undefined : { captures: captures.slice(0, captureLimit) }
      },
      locate: (value) => locateGroups(pattern, value),
    }
  },
}
