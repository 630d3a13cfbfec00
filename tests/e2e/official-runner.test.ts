import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import {
  buildOfficialRunner,
  coreRuleSetTests,
  runInProcess,
  runOfficially,
  runOverNetwork,
  startCoreRuleSetEdge,
} from '../helpers/core-rule-set.ts'
import { isFullRun } from '../helpers/run-size.ts'

const folder = mkdtempSync(join(tmpdir(), 'acme-edge-ftw-'))
t.teardown(() => rmSync(folder, { recursive: true }))

/** Requests that HTTP itself has an opinion on, responses, the score, and the last phase; all of them in a full run. */
const suites = isFullRun ? ['*'] : ['REQUEST-911-*', 'REQUEST-920-*', 'REQUEST-949-*', 'RESPONSE-95*', 'RESPONSE-980-*']
const isBeside = existsSync(coreRuleSetTests)
const skip = (isBeside ? buildOfficialRunner(folder) : 'the Core Rule Set is not beside this repository') ?? false
if (skip !== false && isBeside && process.env.CI === 'true') t.fail(skip)

t.test('the official runner and waf test, over the network and in process, pass all', { skip }, async (t) => {
  const target = await startCoreRuleSetEdge()
  t.teardown(() => target.stop())
  let ran = 0
  for (const suite of suites) {
    const files = join(coreRuleSetTests, suite, '*.yaml')
    const official = await runOfficially(folder, files, target)
    const network = await runOverNetwork(files, target)
    const inProcess = await runInProcess(files)
    t.strictSame(official.failed, [], `${suite}: the official runner, ${official.run} tests`)
    t.strictSame(network.failed, [], `${suite}: over the network, ${network.run} tests`)
    t.strictSame(inProcess.failed, [], `${suite}: in process, ${inProcess.run} tests`)
    t.equal(network.run, official.run)
    t.equal(inProcess.run, official.run)
    ran += official.run
  }
  t.ok(ran > (isFullRun ? 3_500 : 300), `${ran} tests ran`)
})
