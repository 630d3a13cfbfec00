import { EdgeError } from '../errors.ts'
import { formatProblem } from '../waf/seclang/format-problem.ts'

export interface ReportOptions {
  /** One JSON object on standard output instead of text on standard error. */
  readonly json: boolean
}

/** Prints why a command failed: every problem with its place, then one line. A defect of acme-edge shows its stack. */
export function reportError(error: unknown, { json }: ReportOptions): void {
  if (json) process.stdout.write(`${JSON.stringify(errorObject(error))}\n`)
  else process.stderr.write(errorText(error))
}

function errorText(error: unknown): string {
  if (!(error instanceof EdgeError)) return `acme-edge: ACME_EDGE_INTERNAL: ${stackOf(error)}\n`
  const problems = error.problems.map((problem) => `${formatProblem(problem)}\n`).join('')
  const stack = error.code === 'ACME_EDGE_INTERNAL' ? `${stackOf(error)}\n` : ''
  return `${problems}acme-edge: ${error.code}: ${error.message}\n${stack}`
}

function errorObject(error: unknown): object {
  if (!(error instanceof EdgeError)) {
    return { ok: false, error: { code: 'ACME_EDGE_INTERNAL', side: 'internal', message: String(error) } }
  }
  const { code, side, message, details, problems } = error
  return { ok: false, error: { code, side, message, details, problems: problems.map(problemObject) } }
}

const problemObject = ({ location, message }: EdgeError['problems'][number]): object => ({ ...location, message })

const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))
