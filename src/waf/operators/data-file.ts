import type { OperatorContext } from './operator.ts'

/**
 * The entries of one or more data files (separated by spaces): one a line, white space around it ignored, empty lines and
 * lines that begin with `#` skipped.
 */
export function readEntries(argument: string, context: OperatorContext): string[] {
  const paths = argument.split(/[\t ]+/).filter((path) => path !== '')
  if (paths.length === 0) context.fail('a file name is missing')
  return paths
    .flatMap((path) => readText(path, context).split('\n'))
    .map(trimSpaces)
    .filter(isEntry)
}

/** In another encoding, or behind a mark, entries would never match and nobody would know. */
function readText(path: string, context: OperatorContext): string {
  const text = context.readFile(path)
  if (text.startsWith('\xef\xbb\xbf')) context.fail(`the file "${path}" begins with a byte order mark`)
  if (text.includes('\0')) context.fail(`the file "${path}" has NUL bytes: it must be in ASCII, UTF-8 or the like`)
  return text
}

function trimSpaces(line: string): string {
  return line.replace(/^[\t\v\f\r ]+/, '').replace(/(?<![\t\v\f\r ])[\t\v\f\r ]+$/, '')
}

function isEntry(line: string): boolean {
  return line !== '' && !line.startsWith('#')
}
