import type { PatternTree } from '../../src/waf/prefilter/pattern-tree.ts'
import type { Random } from './random.ts'

/**
 * A string that follows the tree, of bytes that `isWelcome` likes where there are such; `undefined` where the tree has none.
 * Assertions and what is unknown are taken for nothing.
 */
export function sampleOf(tree: PatternTree, random: Random, isWelcome: (byte: number) => boolean): string | undefined {
  switch (tree.kind) {
    case 'set': {
      const members = [...tree.set.keys()].filter((byte) => tree.set[byte] === 1)
      const welcome = members.filter(isWelcome)
      if (members.length === 0) return undefined
      return String.fromCharCode(random.pick(welcome.length > 0 ? welcome : members))
    }
    case 'phrases':
      return random.pick(tree.phrases).replace(/[A-Za-z]/g, (letter) => {
        return random.below(2) === 0 ? letter.toUpperCase() : letter.toLowerCase()
      })
    case 'sequence':
      return join(tree.parts.map((part) => sampleOf(part, random, isWelcome)))
    case 'choice':
      return sampleOf(random.pick(tree.branches), random, isWelcome)
    case 'repeat': {
      const most = Math.min(tree.max, tree.min + 3)
      const count = tree.min + random.below(most - tree.min + 1)
      return join(Array.from({ length: count }, () => sampleOf(tree.tree, random, isWelcome)))
    }
    case 'assertion':
    case 'unknown':
      return ''
    default:
      return tree satisfies never
  }
}

function join(parts: readonly (string | undefined)[]): string | undefined {
  return parts.includes(undefined) ? undefined : parts.join('')
}

/** What the tree says, as a regular expression of its own; what is unknown may be anything. */
export function expressionOf(tree: PatternTree): string {
  switch (tree.kind) {
    case 'set': {
      const members = [...tree.set.keys()].filter((byte) => tree.set[byte] === 1)
      return `[${members.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}]`
    }
    case 'phrases':
      return `(?:${tree.phrases.map(phraseExpression).join('|')})`
    case 'sequence':
      return tree.parts.map((part) => `(?:${expressionOf(part)})`).join('')
    case 'choice':
      return `(?:${tree.branches.map(expressionOf).join('|')})`
    case 'repeat':
      return `(?:${expressionOf(tree.tree)}){${tree.min},${Number.isFinite(tree.max) ? tree.max : ''}}`
    case 'assertion':
      return ''
    case 'unknown':
      return '[^]*'
    default:
      return tree satisfies never
  }
}

function phraseExpression(phrase: string): string {
  return phrase.replace(/[\s\S]/g, (char) => {
    return /[A-Za-z]/.test(char)
      ? `[${char.toLowerCase()}${char.toUpperCase()}]`
      : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}

/** Whether a string that follows the tree matches for certain. */
export function isExact(tree: PatternTree): boolean {
  switch (tree.kind) {
    case 'set':
    case 'phrases':
      return true
    case 'sequence':
      return tree.parts.every(isExact)
    case 'choice':
      return tree.branches.every(isExact)
    case 'repeat':
      return isExact(tree.tree)
    case 'assertion':
    case 'unknown':
      return false
    default:
      return tree satisfies never
  }
}
