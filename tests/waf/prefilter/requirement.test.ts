import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { expandRules } from '../../../src/cli/test-files.ts'
import type { Link, Program } from '../../../src/waf/compiler/program.ts'
import type { CompiledOperator } from '../../../src/waf/operators/operator.ts'
import { rx } from '../../../src/waf/operators/rx.ts'
import { ALL_KINDS, alphabets, kindOf, kinds } from '../../../src/waf/prefilter/byte-kinds.ts'
import { type PatternTree, readPatternTree } from '../../../src/waf/prefilter/pattern-tree.ts'
import { Analysis, type Requirement, requirementOf } from '../../../src/waf/prefilter/requirement.ts'
import { findTransformation } from '../../../src/waf/transformations/index.ts'
import { attackStrings, mutate } from '../../helpers/attack-requests.ts'
import { coreRuleSetFiles } from '../../helpers/core-rule-set.ts'
import { corpora } from '../../helpers/detector-cases.ts'
import { operatorContext } from '../../helpers/operator-context.ts'
import { sampleOf } from '../../helpers/pattern-samples.ts'
import { type Random, randomFrom } from '../../helpers/random.ts'
import { randomPattern } from '../../helpers/random-pattern.ts'
import { isFullRun, runSize } from '../../helpers/run-size.ts'
import { loadPair } from '../../helpers/screening-pair.ts'

/** A value that matches must have what the pattern is said to require: else an attack could go without. */
const { seed, count } = runSize({ usual: 1_500, full: 100_000 })
t.setTimeout(3_600_000)

/** Pairs of an operator and a value, and those where the operator matches and the requirement is broken. */
class Findings {
  pairs = 0
  matches = 0
  /** Of the matches, those that a requirement says something about, by what it says. */
  readonly said = { literals: 0, needs: 0, minLength: 0 }
  readonly broken: string[] = []

  check(name: string, operator: CompiledOperator, requirements: readonly Requirement[], value: string): void {
    // Some patterns take for ever with longer values: those go to a thread, which has a limit of time.
    if (value.length > (operator.promptBytes ?? value.length)) return
    this.pairs++
    if (!operator.test(value)) return
    this.matches++
    const mask = kinds(value)
    for (const [index, alphabet] of alphabets.entries()) {
      const requirement = requirements[index]
      if (requirement === undefined || (mask & ~alphabet) !== 0) continue
      this.#note(requirement)
      const complaint = complaintAbout(requirement, value, mask)
      if (complaint !== undefined && this.broken.length < 10) {
        this.broken.push(`${complaint} (alphabet ${index}): ${name.slice(0, 200)} ${JSON.stringify(value)}`)
      }
    }
  }

  #note({ kind, needs, minLength }: Requirement): void {
    if (kind === 'literals') this.said.literals++
    if (needs.length > 0) this.said.needs++
    if (minLength > 0) this.said.minLength++
  }
}

function complaintAbout(requirement: Requirement, value: string, mask: number): string | undefined {
  const { kind, literals, bytes, needs, minLength } = requirement
  const lowerCase = value.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
  if (kind === 'never') return 'never'
  if (value.length < minLength) return `shorter than ${minLength}`
  if (needs.some((need) => (need & mask) === 0)) return 'a need is not met'
  const isThere = (bytes & mask) !== 0 || literals.some((literal) => lowerCase.includes(literal))
  if (kind === 'literals' && !isThere) return 'no literal is there'
  return undefined
}

const whole = new Analysis(ALL_KINDS)
const analyses = alphabets.map((alphabet) => new Analysis(alphabet, whole))

function requirementsOf(tree: PatternTree): readonly Requirement[] {
  return analyses.map((analysis) => requirementOf(tree, analysis))
}

/** A string after the tree, in a place that changes from time to time, with bytes of one alphabet where that goes. */
function sample(tree: PatternTree, random: Random): string | undefined {
  const alphabet = random.pick(alphabets)
  const text = sampleOf(tree, random, (byte) => ((kindOf[byte] ?? 0) & alphabet) !== 0)
  if (text === undefined) return undefined
  return random.pick(['', '', 'a ', ' ', '/']) + text + random.pick(['', '', ' b', '1', '.'])
}

interface NamedOperator {
  readonly name: string
  readonly operator: CompiledOperator
  readonly tree: PatternTree
}

/** Operators of all links that say what they require, each once. */
function operatorsOf({ rules }: Program): readonly NamedOperator[] {
  const found = new Map<string, NamedOperator>()
  for (const { head } of rules) {
    for (let link: Link | undefined = head; link !== undefined; link = link.next) {
      const { label = '', argument = '', resolve } = link.condition?.operator ?? {}
      if (resolve === undefined || typeof resolve === 'function' || resolve.requires === undefined) continue
      const tree = resolve.requires()
      if (tree === undefined) continue
      const name = `@${label} ${argument}`
      found.set(name, { name, operator: resolve, tree })
    }
  }
  return [...found.values()]
}

/** Texts as transformations of rules hand them to operators. */
function asRulesSeeThem(text: string): readonly string[] {
  const names = [
    'lowercase',
    'urlDecodeUni',
    'htmlEntityDecode',
    'jsDecode',
    'removeWhitespace',
    'cmdLine',
    'replaceComments',
  ]
  return [...new Set([text, ...names.map((name) => findTransformation(name)?.transform(text) ?? text)])]
}

const isComplete = corpora !== undefined && existsSync(coreRuleSetFiles[0] ?? '')
const skip = isComplete ? false : 'the Core Rule Set is not beside this repository'

t.test('the Core Rule Set and the rules that come with the product', { skip }, async (t) => {
  const shipped = join(import.meta.dirname, '../../../rules/acme-edge.conf')
  const programs = [
    await loadPair({ files: expandRules(coreRuleSetFiles) }),
    await loadPair({ files: [shipped], readFile: (path) => readFileSync(path, 'latin1') }),
  ]
  const operators = programs.flatMap(({ plain }) => operatorsOf(plain))
  t.ok(operators.length > 330, `${operators.length} operators`)
  const random = randomFrom(seed)
  const texts = attackStrings(corpora ?? '')

  await t.test('values made from their patterns', async (t) => {
    const findings = new Findings()
    for (const { name, operator, tree } of operators) {
      const requirements = requirementsOf(tree)
      for (let times = 0; times < (isFullRun ? 400 : 25); times++) {
        const value = sample(tree, random)
        if (value === undefined || value.length > 300) continue
        findings.check(name, operator, requirements, value)
        findings.check(name, operator, requirements, mutate([value, random.pick(texts)], random))
      }
    }
    report(t, findings, isFullRun ? 100_000 : 6_000)
  })

  await t.test('attacks and their neighbours', async (t) => {
    const findings = new Findings()
    const chosen = isFullRun ? texts : texts.filter((_, index) => (index + seed) % 60 === 0)
    const values = chosen.flatMap((text) => [...asRulesSeeThem(text), mutate([text], random)])
    for (const { name, operator, tree } of operators) {
      const requirements = requirementsOf(tree)
      for (const value of values) findings.check(name, operator, requirements, value)
    }
    report(t, findings, isFullRun ? 60_000 : 800)
  })
})

t.test('patterns that nobody has thought of', async (t) => {
  const random = randomFrom(seed)
  const findings = new Findings()
  for (let i = 0; i < count; i++) {
    const pattern = randomPattern(random)
    const operator = rx.compile(pattern.source, operatorContext())
    const tree = operator.requires?.()
    if (tree === undefined) continue
    const requirements = requirementsOf(tree)
    for (let times = 0; times < 4; times++) {
      findings.check(pattern.source, operator, requirements, pattern.sample())
      findings.check(pattern.source, operator, requirements, `a${pattern.sample()} b`)
      const value = sample(tree, random)
      if (value !== undefined) findings.check(pattern.source, operator, requirements, value)
    }
  }
  report(t, findings, count * 3)
})

interface Judge {
  strictSame(found: unknown, wanted: unknown, message: string): boolean
  ok(condition: boolean, message: string): boolean
}

function report(t: Judge, { broken, matches, said }: Findings, least: number): void {
  t.strictSame(broken, [], `seed ${seed}`)
  t.ok(matches > least, `${matches} values that match`)
  for (const [what, times] of Object.entries(said)) t.ok(times > least / 10, `${what} were required ${times} times`)
}

t.test('what is required of texts', async (t) => {
  const require = (source: string, alphabet = alphabets.length - 1): Requirement => {
    const tree = readPatternTree(source)
    if (tree === undefined) throw new Error(`not a pattern: ${source}`)
    return requirementOf(tree, new Analysis(alphabets[alphabet] ?? 0))
  }
  const literals = (source: string, alphabet?: number) => require(source, alphabet).literals.toSorted()
  t.same(literals('[Ss]elect[\\s\\S]*from'), ['select'])
  t.same(literals('(?:union|select) all'), ['select all', 'union all'])
  t.equal(require('<script').minLength, 7)
  t.equal(require('a{3}b?(?:cd|e)').minLength, 4)
  t.equal(require('<script', 0).kind, 'never')
  t.same(literals('<script|onload=|alert', 0), ['alert'])
  t.equal(require('a*').kind, 'run')
  t.same(require('a*').needs, [])
  t.equal(require('(?=secret)').kind, 'run')
  t.equal(require('(?!secret)').minLength, 0)
  t.equal(require('(a)\\k<atomic1>').minLength, 1)
  t.same(require('[<>]x').needs.includes(kinds('<')), true)
  t.same(literals('(?:^|[/;])\\.{2,3}[/;]'), ['../', '..;'])
  t.same(literals('a+b'), ['ab'])
  t.same(literals('[xy]<{2,}z'), ['<<z'])
  const nested = Array.from({ length: 12 }).reduce<string>((inner) => `(?:${inner}){9,12}`, 'ab')
  t.ok(
    require(nested).literals.every(({ length }) => length <= 24),
    'repeats of repeats do not grow',
  )
})
