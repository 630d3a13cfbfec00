import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { inspect, loadShippedRules, show } from './inspect.ts'

const folder = fileURLToPath(new URL('../../../shared/waf-cases/detect/', import.meta.url))
const skip = existsSync(folder) ? false : 'the collections of attack strings are not beside this repository'
const rules = await loadShippedRules()

/** Share of the strings that must be refused; what the rules reach is printed. */
const floors: Readonly<Record<string, number>> = { sqli: 0.91, xss: 0.95 }

for (const [kind, floor] of Object.entries(floors)) {
  t.test(`${kind}: at least ${floor * 100} % of public attack strings are refused`, { skip }, async (t) => {
    const lines = readdirSync(folder)
      .filter((name) => name.startsWith(`${kind}-`))
      .flatMap(linesOf)
    const refused = await count(lines)
    t.comment(`${refused} of ${lines.length} refused`)
    t.ok(lines.length > 300, `${lines.length} strings`)
    t.ok(refused / lines.length >= floor, `${refused} of ${lines.length}`)
  })
}

t.test('search phrases that are known to look like attacks pass', { skip }, async (t) => {
  const lines = linesOf('false_positives.txt')
  for (const line of lines) t.equal(show(await inspect(rules, asQuery(line))), 'pass', line.slice(0, 80))
  t.ok(lines.length > 400, `${lines.length} phrases`)
})

async function count(lines: readonly string[]): Promise<number> {
  let refused = 0
  for (const line of lines) if ((await inspect(rules, asQuery(line))).kind === 'block') refused++
  return refused
}

/** Every line once; `#` begins a comment. */
function linesOf(name: string): string[] {
  const lines = readFileSync(`${folder}${name}`, 'latin1').split(/\r?\n/)
  return [...new Set(lines.filter((line) => line.trim() !== '' && !line.startsWith('#')))]
}

/** The very bytes as the value of an argument. */
function asQuery(line: string) {
  const encoded = line.replace(/[^A-Za-z0-9_.-]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)
  return { target: `/search?q=${encoded}` }
}
