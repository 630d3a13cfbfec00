import type { TransformationWord } from './transformation.ts'

/** Takes `.` and `..` segments and doubled slashes out of a path. A relative path keeps the `..` it cannot resolve. */
export const normalizePath: TransformationWord = { name: 'normalizePath', transform: normalize }

export function normalize(path: string): string {
  if (!/\/\/|(?:^|\/)\.\.?(?:\/|$)/.test(path)) return path
  const isRooted = path.startsWith('/')
  const segments = resolve(path.split('/'), isRooted)
  const isOpen = path.endsWith('/') && segments.length > 0
  return `${isRooted ? '/' : ''}${segments.join('/')}${isOpen ? '/' : ''}`
}

function resolve(segments: readonly string[], isRooted: boolean): string[] {
  const kept: string[] = []
  for (const segment of segments) {
    if (segment === '' || segment === '.') continue
    if (segment !== '..') kept.push(segment)
    else if (kept.length > 0 && kept.at(-1) !== '..') kept.pop()
    else if (!isRooted) kept.push(segment)
  }
  return kept
}
