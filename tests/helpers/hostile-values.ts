import type { CompiledOperator } from '../../src/waf/operators/operator.ts'
import type { PatternTree } from '../../src/waf/prefilter/pattern-tree.ts'

/** A family of values that a pattern may look at for long: they almost match, in as many places as there are. */
export interface HostileValue {
  readonly description: string
  /** Of that many bytes. */
  build(bytes: number): string
}

/** What is likely to be in several sets of a pattern at once, and so lets one run be read in many ways. */
const PROMISING = 'xa1_-. (\'"/\\;=,<\t\n*%$#@:&'
const PUMPS_PER_LOOP = 3
const LONGEST_PREFIX = 400

/** For each loop of the pattern: what leads to it, then what it takes, again and again; once, and from every beginning. */
export function hostileValuesOf(operator: CompiledOperator): HostileValue[] {
  const tree = operator.requires?.()
  const values = new Map<string, HostileValue>()
  if (tree === undefined) return []
  for (const { prefix, body } of loops(tree, '')) {
    for (const pump of pumpsOf(body)) {
      for (const [head, unit, tail] of [
        [prefix, pump, '\0'],
        ['', prefix + pump, ''],
        ['', pump, '\0'],
        ['', prefix + pump.repeat(20), '\0'],
      ] as const) {
        const description = JSON.stringify([head, unit, tail])
        values.set(description, { description, build: (bytes) => fill(bytes, { head, unit, tail }) })
      }
    }
  }
  return [...values.values()]
}

function fill(bytes: number, { head, unit, tail }: { head: string; unit: string; tail: string }): string {
  const room = Math.max(bytes - head.length - tail.length, 0)
  const text = head + unit.repeat(Math.ceil(room / unit.length)).slice(0, room) + tail
  return Buffer.from(text, 'latin1').toString('latin1') // V8 would join the pieces only when it is asked for the first byte
}

interface Loop {
  readonly prefix: string
  readonly body: PatternTree
}

function* loops(tree: PatternTree, prefix: string): Generator<Loop> {
  switch (tree.kind) {
    case 'sequence': {
      let before = prefix
      for (const part of tree.parts) {
        yield* loops(part, before)
        before = (before + sampleOf(part)).slice(-LONGEST_PREFIX)
      }
      return
    }
    case 'choice':
      for (const branch of tree.branches) yield* loops(branch, prefix)
      return
    case 'repeat':
      if (tree.max > 8) yield { prefix, body: tree.tree }
      yield* loops(tree.tree, prefix)
      return
    default:
      return
  }
}

function pumpsOf(tree: PatternTree): string[] {
  if (tree.kind !== 'set') {
    const sample = sampleOf(tree)
    return sample === '' ? [] : [sample]
  }
  const promising = [...PROMISING].filter((char) => tree.set[char.charCodeAt(0)] === 1)
  return promising.length === 0 ? [sampleOf(tree)] : promising.slice(0, PUMPS_PER_LOOP)
}

/** Some text that the tree takes, one of the shortest. */
function sampleOf(tree: PatternTree): string {
  switch (tree.kind) {
    case 'set': {
      const promising = [...PROMISING].find((char) => tree.set[char.charCodeAt(0)] === 1)
      return promising ?? String.fromCharCode(Math.max(tree.set.indexOf(1), 0))
    }
    case 'sequence':
      return tree.parts.map(sampleOf).join('')
    case 'choice':
      return tree.branches.map(sampleOf).reduce((best, text) => (text.length < best.length ? text : best))
    case 'repeat':
      return sampleOf(tree.tree).repeat(Math.min(tree.min, 300))
    default:
      return ''
  }
}
