import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Values whose nature is known: one list of attacks, one of harmless text. */
export interface Corpus {
  readonly attacks: readonly string[]
  readonly benign: readonly string[]
}

/** The attacks of `kind` in a folder of text files, one value a line, and its harmless lines with the prose in `prose`. */
export function loadCorpus(folder: string, kind: 'sqli' | 'xss', prose: readonly string[]): Corpus {
  const lines = (pattern: RegExp): string[] =>
    readdirSync(folder)
      .filter((name) => pattern.test(name))
      .toSorted()
      .flatMap((name) => readFileSync(join(folder, name), 'latin1').split('\n'))
      .map((line) => line.replace(/\r$/, ''))
      .filter((line) => line.trim() !== '' && !line.startsWith('#'))
      .map(decode)
  return { attacks: lines(new RegExp(`^${kind}-`)), benign: [...lines(/^false_positives/), ...prose] }
}

/** Lines of the documentation that the packages under `folder` bring: prose, names, code, tables. */
export function loadProse(folder: string): string[] {
  if (!existsSync(folder)) return []
  const lines = globSync(['*/*.md', '*/*/*.md'], { cwd: folder })
    .toSorted()
    .flatMap((name) => readFileSync(join(folder, name), 'latin1').split('\n'))
    .map((line) => line.trim())
    .filter((line) => line.length > 3 && line.length < 300)
  return [...new Set(lines)].filter((line) => hash(line) % 4 === 0)
}

/** Which half a value belongs to: what one half teaches is measured on the other. */
export function isHeldOut(value: string): boolean {
  return hash(`half ${value}`) % 2 === 1
}

function hash(text: string): number {
  let state = 2166136261
  for (let index = 0; index < text.length; index++) state = Math.imul(state ^ text.charCodeAt(index), 16777619)
  return (state ^ (state >>> 15)) >>> 0
}

function decode(line: string): string {
  return line
    .replaceAll('+', ' ')
    .replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
}
