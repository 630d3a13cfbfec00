import { Cell, Entry } from '../entry.ts'
import type { TransactionState } from '../transaction-state.ts'
import { scalarVariable } from './scalar.ts'
import type { VariableWord } from './variable.ts'

/** The last value that matched, as it was before transformations. */
export const matchedVar = scalarVariable('MATCHED_VAR', 'never', ({ matchedVariable }) => matchedVariable?.cell.raw)
/** `ARGS:Name`; keeps the case of the request. */
export const matchedVarName = scalarVariable(
  'MATCHED_VAR_NAME',
  'never',
  ({ matchedVariable }) => matchedVariable?.name,
)

/** All values that matched in this chain so far. */
export const matchedVars: VariableWord = {
  name: 'MATCHED_VARS',
  shape: 'collection',
  settled: 'never',
  read: ({ matchedVariables }) => matchedVariables.map((entry) => new Entry('MATCHED_VARS', entry.name, entry.cell)),
}

export const matchedVarsNames: VariableWord = {
  name: 'MATCHED_VARS_NAMES',
  shape: 'collection',
  settled: 'never',
  read: ({ matchedVariables }) =>
    matchedVariables.map(({ name }) => new Entry('MATCHED_VARS_NAMES', name, new Cell(name))),
}

/** 0 (emergency) to 7; 255 while no rule with a severity has matched. */
export const highestSeverity = scalarVariable('HIGHEST_SEVERITY', 'never', (state) => state.highestSeverity)

/** Of the rule that is being evaluated: id, rev, severity, logdata, msg. */
export const rule: VariableWord = {
  name: 'RULE',
  shape: 'collection',
  settled: 'never',
  read: (state) => ruleFields(state).map(([key, value]) => new Entry('RULE', key, new Cell(value))),
}

/** Texts as written: expanding them here could refer to RULE again without end. */
function ruleFields(state: TransactionState): [string, string][] {
  const current = state.rule
  if (current === undefined) return []
  const fields: [string, string][] = [['id', String(current.id)]]
  if (current.revision !== '') fields.push(['rev', current.revision])
  if (current.severity !== undefined) fields.push(['severity', String(current.severity)])
  if (current.logData !== undefined) fields.push(['logdata', current.logData.source])
  if (current.message !== undefined) fields.push(['msg', current.message.source])
  return fields
}
