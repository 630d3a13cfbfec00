import type { Verdict } from '../http.ts'
import type { TransactionState } from './transaction-state.ts'

/**
 * What the engine refuses without a rule: a multipart body whose fields exceed SecRequestBodyNoFilesLimit (413), and,
 * where no rule looks at REQBODY_ERROR, a body that its parser could not read to the end (400). Part of it would go on
 * without having been inspected.
 */
export function refuseBody(state: TransactionState): Verdict | undefined {
  const { requestBody, settings, engine, program, allow } = state
  if (engine === 'off' || allow !== 'none') return undefined
  const isPartial = requestBody.truncated && settings.requestBodyBeyond === 'partial'
  if (isTooLong(state)) return refuse(state, 413, 'the fields of the request body are longer than the limit')
  if (requestBody.parsed.error === undefined || program.readsBodyErrors || isPartial) return undefined
  return refuse(state, 400, requestBody.parsed.error)
}

/** The length of a multipart body's fields is known only once it has been taken apart. */
function isTooLong({ requestBody, settings }: TransactionState): boolean {
  if (requestBody.processor !== 'MULTIPART' || settings.requestBodyBeyond !== 'reject') return false
  return requestBody.bytesWithoutFiles > settings.requestBodyNoFilesLimitBytes
}

function refuse(state: TransactionState, status: number, reason: string): Verdict | undefined {
  if (state.engine !== 'on') {
    state.incidents.push({ title: 'Warning.', reason, ruleId: undefined })
    return undefined
  }
  state.incidents.push({ title: `Access denied with code ${status} (phase 2).`, reason, ruleId: undefined })
  state.interruption = { kind: 'block', status, ruleId: 0 }
  return state.interruption
}
