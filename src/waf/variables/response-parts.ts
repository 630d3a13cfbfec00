import { toEntries } from '../request-parts.ts'
import type { TransactionState } from '../transaction-state.ts'
import { scalarVariable } from './scalar.ts'
import type { VariableWord } from './variable.ts'
import { xmlVariable } from './xml.ts'

/** Values of a JSON response, under names as those in ARGS; only after ctl:responseBodyProcessor=JSON. */
export const responseArgs: VariableWord = {
  name: 'RESPONSE_ARGS',
  shape: 'collection',
  settled: 4,
  read: ({ response, cells }) => toEntries(response?.parsed?.arguments ?? [], 'RESPONSE_ARGS', cells),
}

/** Only after ctl:responseBodyProcessor=XML. */
export const responseXml = xmlVariable('RESPONSE_XML', 4, ({ response }) => response?.parsed?.xml)
/** Changes within a phase, when ctl:responseBodyProcessor is said. */
export const resBodyProcessor = scalarVariable('RES_BODY_PROCESSOR', 'never', (state) => state.responseProcessor)
export const resBodyError = scalarVariable('RES_BODY_ERROR', 4, flag)
export const resBodyErrorMsg = scalarVariable('RES_BODY_ERROR_MSG', 4, message)
export const resBodyProcessorError = scalarVariable('RES_BODY_PROCESSOR_ERROR', 4, flag)
export const resBodyProcessorErrorMsg = scalarVariable('RES_BODY_PROCESSOR_ERROR_MSG', 4, message)

function flag(state: TransactionState): number {
  return state.response?.parsed?.error === undefined ? 0 : 1
}

function message(state: TransactionState): string {
  return state.response?.parsed?.error ?? ''
}
