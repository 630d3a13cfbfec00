import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { examine, isInjection, readingsOf } from '../src/waf/detect/sqli/find-sql-injection.ts'
import { findScript } from '../src/waf/detect/xss/find-script.ts'
import { benignProse } from './derive/benign-prose.ts'
import { isHeldOut, loadCorpus, loadProse } from './derive/corpora.ts'
import { fingerprintsOfGrammar, learn } from './derive/fingerprint-set.ts'

// Derives the fingerprints of SQL injection from a grammar and from attacks and harmless lines, measures what one half of
// them teaches about the other, and writes the set. Arguments: the folder of the corpora; optionally a Python that has
// libmodsecurity, whose verdicts are then printed beside.
const [folder, python] = process.argv.slice(2)
if (folder === undefined) throw new Error('usage: derive-sqli-fingerprints.ts <folder of corpora> [<python>]')
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const sentences = 1_000_000
const prose = [...loadProse(at('../node_modules')), ...benignProse()]
const { attacks, benign } = loadCorpus(folder, 'sqli', prose)
const grammar = fingerprintsOfGrammar(sentences)
const taught = learn(grammar, attacks.filter(isTaught), benign.filter(isTaught))
const held = { attacks: attacks.filter(isHeldOut), benign: benign.filter(isHeldOut) }
report('SQL injection, held out', held, (value) => isSqlInjection(value, taught), 0)
report('SQL injection, grammar alone', { attacks, benign }, (value) => isSqlInjection(value, grammar), 0)
report('script injection, all', loadCorpus(folder, 'xss', prose), findScript, 1)
const all = learn(grammar, attacks, benign)
writeFileSync(at('../src/waf/detect/sqli/fingerprints.ts'), moduleText(all))
console.log(`${all.size} fingerprints, ${grammar.size} of them or of those left out from ${sentences} sentences`)

function isTaught(value: string): boolean {
  return !isHeldOut(value)
}

function isSqlInjection(value: string, fingerprints: ReadonlySet<string>): boolean {
  return readingsOf(value).some((reading) => isInjection(examine(value, reading), fingerprints))
}

interface Known {
  readonly attacks: readonly string[]
  readonly benign: readonly string[]
}

function report(title: string, known: Known, detect: (value: string) => boolean, column: 0 | 1): void {
  const share = (name: string, caught: number, values: readonly string[]): string =>
    `${name} ${caught} of ${values.length} (${((100 * caught) / values.length).toFixed(2)} %)`
  const own = [known.attacks, known.benign].map((values) => values.filter(detect).length)
  console.log(
    `${title}: ${share('caught', own[0] ?? 0, known.attacks)}, ${share('false positives', own[1] ?? 0, known.benign)}`,
  )
  if (python === undefined) return
  const other = [known.attacks, known.benign].map((values) => judge(values).filter((verdict) => verdict[column]).length)
  console.log(
    `  libinjection: ${share('caught', other[0] ?? 0, known.attacks)}, ${share('false positives', other[1] ?? 0, known.benign)}`,
  )
}

/** What ModSecurity says to each value: `[@detectSQLi, @detectXSS]`. */
function judge(values: readonly string[]): readonly (readonly [boolean, boolean])[] {
  const run = spawnSync(python ?? '', [at('./derive/judge.py')], { input: JSON.stringify(values), maxBuffer: 1 << 28 })
  if (run.status !== 0) throw new Error(`judge.py failed: ${run.stderr}`)
  return JSON.parse(run.stdout.toString('latin1')) as [boolean, boolean][] // our own script wrote it
}

/** By what a value begins with, so that a change of the set is a readable difference. */
function moduleText(fingerprints: ReadonlySet<string>): string {
  const groups = Map.groupBy([...fingerprints].toSorted(), (fingerprint) => fingerprint.slice(0, 2))
  const lines = [...groups].map(([start, members]) => {
    const rests = members.map((member) => member.slice(start.length)).join(' ')
    return `  [${literal(start)}, ${literal(rests)}],`
  })
  return [
    '// Written by scripts/derive-sqli-fingerprints.ts: change the grammar there, not this file.',
    '',
    '/** Fingerprints of SQL injection by their first two letters: what follows those, one blank between two. */',
    '// biome-ignore format: one line a group',
    'const groups: readonly (readonly [start: string, rests: string])[] = [',
    ...lines,
    ']',
    '',
    '/** Every fingerprint that tells SQL injection from other text, as far as `isPlausible` agrees. */',
    'export const fingerprints: ReadonlySet<string> = new Set(',
    "  groups.flatMap(([start, rests]) => rests.split(' ').map((rest) => start + rest)),",
    ')',
    '',
  ].join('\n')
}

function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
