import type { DirectiveNode, Word } from '../seclang/ast.ts'
import { inertDirectives } from './directives-inert.ts'
import { ruleDirectives } from './directives-rules.ts'
import { settingDirectives } from './directives-settings.ts'
import type { Assembly } from './draft.ts'
import { reasonAgainst } from './refused-words.ts'
import { reject } from './rejection.ts'

/** One directive: how many arguments it takes and what it does. */
export interface DirectiveWord {
  readonly least: number
  readonly most: number
  /** Of a directive without effect: the one value that it may have. */
  readonly only?: string
  apply(assembly: Assembly, first: Word, rest: readonly Word[]): void
}

/** Names compare without case. */
const words: ReadonlyMap<string, DirectiveWord> = new Map(
  [settingDirectives, ruleDirectives, inertDirectives].flatMap((table) =>
    Object.entries(table).map(([name, word]) => [name.toLowerCase(), word] as const),
  ),
)

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
