import type { Word } from '../seclang/ast.ts'
import { reject } from './rejection.ts'

/** What each UTF-16 code unit becomes in a code page. */
export type UnicodeMap = ReadonlyMap<number, number>

/**
 * One code page of a file in ModSecurity's form: a line that begins with the page's number, then lines of pairs
 * `code unit:byte` in hexadecimal.
 */
export function readUnicodeMap(text: string, page: Word): UnicodeMap {
  const map = new Map<number, number>()
  let isWanted = false
  let isFound = false
  for (const line of text.split('\n')) {
    const heading = /^\s*(\d+)\s*(?:\(|$)/.exec(line)
    if (heading !== null || /^\s*\(/.test(line)) {
      isWanted = heading?.[1] === page.text
      isFound ||= isWanted
    } else if (isWanted) addPairs(map, line, page)
  }
  if (!isFound) reject(page, `the file has no code page "${page.text}"`)
  return map
}

function addPairs(map: Map<number, number>, line: string, page: Word): void {
  for (const pair of line.split(/\s+/)) {
    if (pair === '') continue
    const found = /^([0-9a-f]{4}):([0-9a-f]{2})$/i.exec(pair)
    if (found === null) return reject(page, `"${pair.slice(0, 20)}" in the file is no pair of code unit and byte`)
    map.set(Number.parseInt(found[1] ?? '', 16), Number.parseInt(found[2] ?? '', 16))
  }
}
