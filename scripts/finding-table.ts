import { findingKinds } from '../src/acme/diagnose/finding.ts'

/** The table of docs/diagnose.md, from the table of the program: worst first. */
export function findingTable(): string {
  const rows = Object.entries(findingKinds).map(
    ([code, { severity, meaning }]) => `| \`${code}\` | ${severity} | ${meaning} |`,
  )
  return ['| code | severity | meaning |', '|---|---|---|', ...rows].join('\n')
}
