import type { Question, Reply } from './offload.ts'
import type { CompiledOperator } from './operators/operator.ts'
import type { TransactionState } from './transaction-state.ts'

type Answered = Extract<Reply, { kind: 'answered' }>

/**
 * Has an operator run elsewhere, at the expense of the phase's budget: waiting costs nothing, computing does. Throws what
 * ends the phase; without an answer nothing may pass.
 */
export async function inquire(
  state: TransactionState,
  { recipe }: CompiledOperator,
  asked: Pick<Question, 'value' | 'steps' | 'telling'>,
): Promise<Answered> {
  const { budget, offload } = state
  if (offload === undefined || recipe === undefined) throw new Error('nothing to ask')
  budget.suspend()
  const limitMs = budget.leftMs
  if (limitMs <= 0) throw budget.outOfTime()
  const reply = await offload.ask({ ...asked, operator: recipe, limitMs })
  switch (reply.kind) {
    case 'answered':
      budget.charge(reply.usedMs)
      budget.resume()
      return reply
    case 'out of time':
      throw budget.outOfTime()
    case 'busy':
      throw new Error('the inspection threads have too much to do')
    case 'failed':
      throw new Error(`an inspection thread has failed: ${reply.reason}`)
    default:
      return reply satisfies never
  }
}
