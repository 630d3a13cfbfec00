import type { DirectiveNode, Word } from '../seclang/ast.ts'
import { inertDirectives } from './directives-inert.ts'
import { ruleDirectives } from './directives-rules.ts'
import { settingDirectives } from './directives-settings.ts'
import type { Assembly } from './draft.ts'
import { reasonAgainst } from './refused-words.ts'
import { reject } from './rejection.ts'

/** One directive: how many arguments it takes and what it does. Keys of the tables are in lower case. */
export interface DirectiveWord {
  readonly least: number
  readonly most: number
  apply(assembly: Assembly, first: Word, rest: readonly Word[]): void
}

const words: ReadonlyMap<string, DirectiveWord> = new Map([
  ...Object.entries(settingDirectives),
  ...Object.entries(ruleDirectives),
  ...Object.entries(inertDirectives),
])

/** Obeys a directive; what does not exist or does not fit becomes a problem. */
export function applyDirective(assembly: Assembly, node: DirectiveNode): void {
  assembly.problems.attempt(() => {
    const { name } = node
    const word =
      words.get(name.text.toLowerCase()) ??
      reject(name, `the directive ${name.text} is not supported${reasonAgainst('Directives', name.text)}`)
    const count = node.arguments.length
    if (count < word.least) reject(name, `${name.text} lacks an argument`)
    const excess = node.arguments[word.most]
    if (excess !== undefined) reject(excess, `${name.text} takes at most ${word.most} arguments`)
    const [first = { text: '', location: name.location }, ...rest] = node.arguments
    word.apply(assembly, first, rest)
  })
}
