import type { Outcome } from './rule-engine.ts'

/** What a line of ModSecurity's debug log says, told from what acme-edge shows; `undefined` where it shows no such thing. */
export function saysDebugLog(expected: string, outcome: Outcome): boolean | undefined {
  const line = expected.trim()
  for (const [form, says] of forms) {
    const found = form.exec(line)
    if (found !== null) return says(outcome, found[1] ?? '', line)
  }
  return undefined
}

type Judge = (outcome: Outcome, detail: string, line: string) => boolean

const forms: readonly (readonly [form: RegExp, says: Judge])[] = [
  [/^Target value: "|^[^[]*Variable: [^[]*$/, ({ trace }, _, line) => matches(trace.map(target), line)],
  [/^Rule returned 0\.?$/, ({ trace, matched }) => matched.length === 0 || trace.some((event) => !event.matched)],
  [/^Rule returned 1\.?$/, ({ matched }) => matched.length > 0],
  // The operator sees what the last transformation gave.
  [/^(?:T \\\(0\\\) )?(?:t:)?(?:trim|lowercase|base64\w+): "(.*)$/, ({ trace }, detail) => sees(trace, detail)],
  [/^Saving msg: (.*)$/, ({ lines }, detail) => matches(lines, `\\[msg "${detail}`)],
  [/^Rule tag: (.*)$/, ({ lines }, detail) => matches(lines, `\\[tag "${detail}"\\]`)],
  [/^(?:\\\[9\\\] )?Skipped rule id \\?'(\d+)/, neverRan],
  [/^Rule id: (\d+) was skipped/, neverRan],
]

function sees(trace: Outcome['trace'], pattern: string): boolean {
  return trace.some(({ value }) => new RegExp(`^${pattern}`).test(`${value}"`))
}

function neverRan({ trace, matched }: Outcome, id: string): boolean {
  return !trace.some(({ ruleId }) => ruleId === Number(id)) && !matched.includes(Number(id))
}

function target({ variable, value }: Outcome['trace'][number]): string {
  return `Target value: "${value}" (Variable: ${variable})`
}

function matches(lines: readonly string[], pattern: string): boolean {
  return new RegExp(pattern).test(lines.join('\n'))
}
