import { exitCodeOf } from '../src/cli/exit-code.ts'
import { EdgeError, type ErrorCode, errorCodes } from '../src/errors.ts'

/** The table of docs/errors.md, from the table of the program. */
export function errorTable(): string {
  const codes = Object.keys(errorCodes).toSorted() as ErrorCode[] // the keys of a `satisfies Record` constant
  const rows = codes.map((code) => {
    const { side, status, meaning } = errorCodes[code]
    const exit = exitCodeOf(new EdgeError(code, meaning))
    return `| \`${code}\` | ${side} | ${status === 0 ? '' : status} | ${exit} | ${meaning} |`
  })
  return ['| code | side | status | exit code | meaning |', '|---|---|---|---|---|', ...rows].join('\n')
}
