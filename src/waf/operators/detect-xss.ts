import { findScript, markup } from '../detect/xss/find-script.ts'
import type { OperatorWord } from './operator.ts'

/** Matches a value that would run script in a page that shows it; captures the value. */
export const detectXSS: OperatorWord = {
  name: 'detectXSS',
  argument: 'none',
  compile: () => ({
    requires: () => markup,
    promptBytes: 16_384, // much is worked out for each byte
    test: findScript,
    exec: (value) => (findScript(value) ? { captures: [value] } : undefined),
  }),
}
