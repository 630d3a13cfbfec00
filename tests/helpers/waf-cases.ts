import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** One case of the shared operator and transformation suites, its escapes resolved; strings hold one byte a character. */
export interface WafCase {
  /** The file's name without its ending: the word under test (a case's own name is at times a label). */
  readonly word: string
  readonly input: string
  readonly param: string
  readonly output: string
  readonly ret: number
}

const folder = join(import.meta.dirname, '../../../shared/waf-cases')

/** The cases of every file of a suite; `undefined` where the shared folder is absent, so that a test can skip by name. */
export function findCases(suite: 'operators' | 'transformations'): WafCase[] | undefined {
  const path = join(folder, suite)
  if (!existsSync(path)) return undefined
  return readdirSync(path)
    .sort()
    .flatMap((file) => readCases(join(path, file)))
}

function readCases(path: string): WafCase[] {
  const cases: unknown = JSON.parse(readFileSync(path, 'utf8'))
  if (!Array.isArray(cases)) throw new Error(`${path}: not a list`)
  return cases.map((entry: Record<string, unknown>) => ({
    word: basename(path, '.json'),
    input: toBytes(String(entry.input ?? '')),
    param: toBytes(String(entry.param ?? '')),
    output: toBytes(String(entry.output ?? '')),
    ret: Number(entry.ret),
  }))
}

/** The suites write bytes as `\xHH` and `\u0000`; what JSON itself has decoded is text, so its bytes are UTF-8. */
function toBytes(text: string): string {
  return Buffer.from(text, 'utf8')
    .toString('latin1')
    .replace(/\\u0000/g, '\0')
    .replace(/\\x([0-9A-Fa-f]{2})/g, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
