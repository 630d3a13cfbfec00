import type { CompiledOperator } from '../operators/operator.ts'
import { PROMPT_BYTES_PLAIN } from '../operators/pattern.ts'
import { rx } from '../operators/rx.ts'
import type { Word } from '../seclang/ast.ts'
import { reject } from './rejection.ts'

/**
 * A regular expression outside of `@rx`: a selector, a tag or msg pattern. Unanchored. Names that could take long are looked
 * at in linear time: nothing here can wait for a thread.
 */
export function compilePattern(pattern: Word, options: { ignoreCase: boolean }): CompiledOperator {
  const prefix = options.ignoreCase ? '(?i)' : ''
  return bounded(compileRx(prefix, pattern))
}

function bounded(operator: CompiledOperator): CompiledOperator {
  const { promptBytes = PROMPT_BYTES_PLAIN } = operator
  if (promptBytes >= PROMPT_BYTES_PLAIN) return operator
  let linear: CompiledOperator | undefined
  return {
    ...operator,
    test(value) {
      if (value.length <= promptBytes) return operator.test(value)
      linear ??= operator.inLinearTime?.() ?? operator
      return linear.test(value)
    },
  }
}

function compileRx(prefix: string, pattern: Word): CompiledOperator {
  return rx.compile(prefix + pattern.text, {
    location: pattern.location,
    dataset: (name) => reject(pattern, `a pattern has no data set ("${name}")`),
    readFile: (path) => reject(pattern, `a pattern reads no file ("${path}")`),
    fail: (message, offset = 0) => reject(pattern, message, Math.max(0, offset - prefix.length)),
  })
}
