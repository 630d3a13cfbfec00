/** A rule set in pieces, so that it can be made smaller piece by piece. */
export type Statement =
  /** Holds for all that is compared, and is never left out. */
  | { readonly kind: 'setting'; readonly text: string }
  | { readonly kind: 'directive'; readonly text: string }
  | { readonly kind: 'rule'; readonly links: readonly LinkModel[] }

export interface LinkModel {
  /** Empty: SecAction. */
  readonly targets: readonly string[]
  /** `!@rx`, `@eq`. */
  readonly operator: string
  readonly argument: string
  /** Without `chain`. */
  readonly actions: readonly string[]
}

export function printRules(statements: readonly Statement[]): string {
  return `${statements.map(printStatement).join('\n')}\n`
}

function printStatement(statement: Statement): string {
  if (statement.kind !== 'rule') return statement.text
  return statement.links.map((link, position) => printLink(link, position < statement.links.length - 1)).join('\n')
}

function printLink({ targets, operator, argument, actions }: LinkModel, isContinued: boolean): string {
  const all = isContinued ? [...actions, 'chain'] : actions
  const list = all.length === 0 ? '"t:none"' : `"${all.join(',')}"`
  if (targets.length === 0) return `SecAction ${list}`
  return `SecRule ${targets.join('|')} "${`${operator} ${argument.replaceAll('"', '\\"')}`.trimEnd()}" ${list}`
}

/** ModSecurity 3 does not say that a SecAction matched: what cannot be seen is not compared. */
export function unseenIds(statements: readonly Statement[]): number[] {
  return statements.flatMap((statement) => {
    if (statement.kind !== 'rule' || statement.links.at(0)?.targets.length !== 0) return []
    const id = statement.links[0]?.actions.find((action) => action.startsWith('id:'))
    return id === undefined ? [] : [Number(id.slice(3))]
  })
}
