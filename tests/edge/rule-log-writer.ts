import { openRuleLog } from '../../src/edge/rule-log.ts'
import type { Transaction } from '../../src/waf/transaction-types.ts'

/** A process that writes transactions of two lines each: `node rule-log-writer.ts <folder> <name> <count>`. */
const [folder = '', name = '', count = '0'] = process.argv.slice(2)
const log = openRuleLog({ errorLog: `${folder}/error.log`, auditLog: `${folder}/audit.log` }, (_path, error) => {
  throw error
})
for (let i = 0; i < Number(count); i++) {
  const line = (part: string) => ({ ruleId: 1, phase: 1, line: `${name} ${i} ${part} ${'x'.repeat(500)}` })
  const written = { logged: [line('first'), line('second')], auditRecord: () => ({ name, i, byte: '\xff' }) }
  log.write(written as unknown as Transaction) // the log reads nothing else
}
log.close()
