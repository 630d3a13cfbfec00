import type { Problem } from './location.ts'

/** Longer source lines are cut around the caret: rules of CRS have lines of 12,000 characters. */
const WIDTH = 160

/** `file:line:column: message`, the source line and a caret under the place. */
export function formatProblem(problem: Problem): string {
  const { file, line, column } = problem.location
  const from = problem.sourceLine.length <= WIDTH ? 0 : Math.max(0, column - 1 - WIDTH / 2)
  const shown = problem.sourceLine.slice(from, from + WIDTH)
  const indent = shown.slice(0, column - 1 - from).replace(/[^\t]/g, ' ')
  return `${file}:${line}:${column}: ${problem.message}\n  ${printable(shown)}\n  ${indent}^`
}

/** One column a byte; control characters must not reach a terminal. */
function printable(text: string): string {
  return text.replace(/[^\t\x20-\x7e]/g, '?')
}
