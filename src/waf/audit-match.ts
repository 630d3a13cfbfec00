import { evidenceText } from './error-log.ts'
import { hasMacro, type Macro } from './macro.ts'
import type { Match } from './match.ts'
import type { Masker } from './sanitised.ts'

/** Part H: a rule that matched, and with what. */
export function auditedMatch(match: Match, masker: Masker): object {
  const { rule, evidence } = match
  const shown: Match = {
    ...match,
    evidence: evidence && {
      ...evidence,
      argument: evidence.operator.macro === undefined ? evidence.argument : masker.derived(evidence.argument),
      variable: masker.text(evidence.variable),
      value: masker.derived(evidence.value),
    },
  }
  return {
    message: maskExpanded(match.message, rule.message, masker),
    details: {
      match: shown.evidence === undefined ? '' : evidenceText(shown),
      reference: match.reference,
      ruleId: String(rule.id),
      file: rule.head.location.file,
      lineNumber: String(rule.head.location.line),
      data: masker.derived(match.logData),
      severity: String(rule.severity ?? 0),
      ver: rule.version,
      rev: rule.revision,
      tags: match.tags.map((tag, index) => maskExpanded(tag, rule.tags[index], masker)),
      maturity: String(rule.maturity),
      accuracy: String(rule.accuracy),
    },
  }
}

/** Part K: a rule alone. */
export function auditedRule({ id, phase, head }: Match['rule']): object {
  return { ruleId: String(id), phase, file: head.location.file, lineNumber: String(head.location.line) }
}

/** What a rule's author has written shows; what macros have put in may be a value in another form. */
function maskExpanded(text: string, macro: Macro | undefined, masker: Masker): string {
  return macro === undefined || !hasMacro(macro.source) ? text : masker.derived(text)
}
