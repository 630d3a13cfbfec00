/** Bodies are short; a repetition beyond this is a mistake in the test. */
const MAX_REPEATED_BYTES = 16_777_216

const action = /\{\{(-?)\s*([\s\S]*?)\s*(-?)\}\}/g
const literal = '("(?:[^"\\\\\\n]|\\\\.)*"|`[^`]*`)'
const comment = /^\/\*[\s\S]*\*\/$/
const textAlone = new RegExp(`^${literal}$`)
const piped = new RegExp(`^${literal}\\s*\\|\\s*repeat\\s+(\\d{1,8})$`)
const called = new RegExp(`^repeat\\s+(\\d{1,8})\\s+${literal}$`)

/**
 * Expands what test data uses of Go's templates: `{{ "x" | repeat 64200 }}`, `{{ repeat 3 "x" }}`, `{{ "text" }}` and
 * comments, with `-` to trim. `undefined` when it holds anything else in double braces.
 */
export function expandTemplate(text: string): string | undefined {
  if (!text.includes('{{')) return text
  let [result, at, trims] = ['', 0, false]
  for (const match of text.matchAll(action)) {
    const value = evaluate(match[2] ?? '')
    if (value === undefined) return undefined
    const before = trimStart(text.slice(at, match.index), trims)
    result += (match[1] === '-' ? before.trimEnd() : before) + value
    at = match.index + match[0].length
    trims = match[3] === '-'
  }
  const rest = trimStart(text.slice(at), trims)
  return rest.includes('{{') ? undefined : result + rest
}

function trimStart(text: string, trims: boolean): string {
  return trims ? text.trimStart() : text
}

function evaluate(expression: string): string | undefined {
  if (comment.test(expression)) return ''
  const [, alone] = textAlone.exec(expression) ?? []
  if (alone !== undefined) return unquote(alone)
  const [, pipedText, pipedTimes] = piped.exec(expression) ?? []
  const [, times = pipedTimes, text = pipedText] = called.exec(expression) ?? []
  if (times === undefined || text === undefined) return undefined
  const unit = unquote(text)
  return unit === undefined || unit.length * Number(times) > MAX_REPEATED_BYTES ? undefined : unit.repeat(Number(times))
}

/** Go's escapes in double quotes that JSON has, too; between backquotes nothing is an escape. */
function unquote(quoted: string): string | undefined {
  if (quoted.startsWith('`')) return quoted.slice(1, -1)
  try {
    return String(JSON.parse(quoted))
  } catch {
    return undefined
  }
}
