import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const shared = join(import.meta.dirname, '../../../shared/waf-cases')

/** The folder of attacks and harmless lines, one a line; `undefined` where it is absent. */
export const corpora = existsSync(join(shared, 'detect')) ? join(shared, 'detect') : undefined

export interface DetectorCase {
  readonly name: string
  readonly input: string
  /** The lines of `--EXPECTED--`. */
  readonly expected: readonly string[]
}

/** Cases of another detector of one kind (`tokens`, `folding`, `sqli`); `undefined` where the folder is absent. */
export function findDetectorCases(kind: string): DetectorCase[] | undefined {
  const folder = join(shared, 'libinjection')
  if (!existsSync(folder)) return undefined
  return readdirSync(folder)
    .filter((name) => name.startsWith(`test-${kind}-`))
    .toSorted()
    .map((name) => {
      const text = readFileSync(join(folder, name), 'latin1')
      const [, input = '', expected = ''] = /--INPUT--\n([\s\S]*?)\n?--EXPECTED--\n?([\s\S]*)$/.exec(text) ?? []
      return { name: name.slice('test-'.length, -'.txt'.length), input, expected: expected.trim().split('\n') }
    })
}
