import { formatProblem } from '../waf/seclang/format-problem.ts'
import type { Problem } from '../waf/seclang/location.ts'

/** A warning about a rule file as a person reads it, with its place and the line; ends in a newline. */
export function formatWarning(warning: Problem): string {
  return `${formatProblem({ ...warning, message: `warning: ${warning.message}` })}\n`
}
