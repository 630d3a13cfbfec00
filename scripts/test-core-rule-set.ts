import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  buildOfficialRunner,
  coreRuleSetOverrides,
  coreRuleSetTests,
  runInProcess,
  runOfficially,
  runOverNetwork,
  startCoreRuleSetEdge,
  type Verdicts,
} from '../tests/helpers/core-rule-set.ts'

/**
 * All regression tests of the Core Rule Set, three times: by go-ftw's own runner against a running edge, by `waf test`
 * against it, and by `waf test` in process. Exit code 1 when a test fails anywhere.
 */
const folder = mkdtempSync(join(tmpdir(), 'acme-edge-crs-'))
const files = join(coreRuleSetTests, '*', '*.yaml')
const failures: string[] = []
try {
  const overrides = readFileSync(coreRuleSetOverrides, 'utf8').match(/^\s*- rule_id:/gm)?.length ?? 0
  console.log(`overrides: ${overrides}`)
  show('waf test, in process', await runInProcess(files))
  const target = await startCoreRuleSetEdge()
  try {
    show('waf test, over the network', await runOverNetwork(files, target))
    const obstacle = buildOfficialRunner(folder)
    if (obstacle === undefined) show('go-ftw, over the network', await runOfficially(folder, files, target))
    else console.log(`go-ftw, over the network: not run, ${obstacle}`)
  } finally {
    await target.stop()
  }
} finally {
  rmSync(folder, { recursive: true })
}
process.exitCode = failures.length === 0 ? 0 : 1

function show(runner: string, { run, failed, skipped, seconds }: Verdicts): void {
  const passed = run - failed.length - skipped
  console.log(
    `${runner}: ${passed} of ${run} passed, ${failed.length} failed, ${skipped} skipped, ${seconds.toFixed(1)} s`,
  )
  for (const id of failed) console.log(`  failed ${id}`)
  failures.push(...failed)
}
