import { existsSync } from 'node:fs'
import t from 'tap'
import { openInProcessExchange } from '../../src/cli/in-process-exchange.ts'
import { openNetworkExchange } from '../../src/cli/network-exchange.ts'
import { expandRules } from '../../src/cli/test-files.ts'
import { defaultLimits, toLimitsConfig } from '../../src/config/limits-schema.ts'
import { loggedIds, type StageObservation } from '../../src/waf/regression/judge.ts'
import { loadRuleSet } from '../../src/waf/rule-set.ts'
import { coreRuleSetFiles, coreRuleSetTests, startCoreRuleSetEdge } from '../helpers/core-rule-set.ts'
import { oddRequests } from '../helpers/odd-requests.ts'

const skip = existsSync(coreRuleSetTests) ? false : 'the Core Rule Set is not beside this repository'

t.test('a test in process sees what one over the network sees, however odd the request', { skip }, async (t) => {
  const rules = await loadRuleSet({ files: expandRules(coreRuleSetFiles), mode: 'block' })
  const own = await openInProcessExchange(rules, toLimitsConfig(defaultLimits()))
  const target = await startCoreRuleSetEdge()
  const network = openNetworkExchange(new URL(`http://127.0.0.1:${target.edge.httpPort}`), target.errorLog)
  const destination = { address: '127.0.0.1', port: 80, protocol: 'http' }
  let ran = 0
  for (const [name, text] of Object.entries(oddRequests)) {
    const request = { testId: '1-1', bytes: Buffer.from(text, 'latin1'), destination, markerHost: 'localhost' }
    const inProcess = summary(await own.exchange(request))
    t.strictSame(inProcess, summary(await network.exchange(request)), name)
    ran++
  }
  t.ok(ran > 100, `${ran} requests`)
  await own.close()
  await network.close()
  await target.stop()
})

function summary({ answer, lines }: StageObservation) {
  return { status: answer.kind === 'response' ? answer.response.status : 'none', ids: loggedIds(lines) }
}
