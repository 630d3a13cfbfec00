import type { CompiledOperator } from '../operators/operator.ts'
import { rx } from '../operators/rx.ts'
import type { Word } from '../seclang/ast.ts'
import { reject } from './rejection.ts'

/** A regular expression outside of `@rx`: a selector, a tag or msg pattern. Unanchored. */
export function compilePattern(pattern: Word, options: { ignoreCase: boolean }): CompiledOperator {
  const prefix = options.ignoreCase ? '(?i)' : ''
  return rx.compile(prefix + pattern.text, {
    location: pattern.location,
    dataset: (name) => reject(pattern, `a pattern has no data set ("${name}")`),
    readFile: (path) => reject(pattern, `a pattern reads no file ("${path}")`),
    fail: (message, offset = 0) => reject(pattern, message, Math.max(0, offset - prefix.length)),
  })
}
