import { findSqlInjection, suspicious } from '../detect/sqli/find-sql-injection.ts'
import type { OperatorWord } from './operator.ts'

/** Matches a value that would change the SQL query it is put into; captures the fingerprint of the attack. */
export const detectSQLi: OperatorWord = {
  name: 'detectSQLi',
  argument: 'none',
  compile: () => ({
    requires: () => suspicious,
    promptBytes: 16_384, // much is worked out for each byte
    test: (value) => findSqlInjection(value) !== undefined,
    exec: (value) => {
      const fingerprint = findSqlInjection(value)
      return fingerprint === undefined ? undefined : { captures: [fingerprint] }
    },
  }),
}
