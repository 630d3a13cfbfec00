import type { OperatorContext } from './operator.ts'

/**
 * The entries of one or more data files (separated by spaces): one a line, white space around it ignored, empty lines and
 * lines that begin with `#` skipped.
 */
export function readEntries(argument: string, context: OperatorContext): string[] {
  const paths = argument.split(/[\t ]+/).filter((path) => path !== '')
  if (paths.length === 0) context.fail('a file name is missing')
  return paths
    .flatMap((path) => context.readFile(path).split('\n'))
    .map(trimSpaces)
    .filter(isEntry)
}

function trimSpaces(line: string): string {
  return line.replace(/^[\t\v\f\r ]+/, '').replace(/(?<![\t\v\f\r ])[\t\v\f\r ]+$/, '')
}

function isEntry(line: string): boolean {
  return line !== '' && !line.startsWith('#')
}
