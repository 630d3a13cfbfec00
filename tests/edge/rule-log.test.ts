import { execFile } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { openRuleLog } from '../../src/edge/rule-log.ts'
import type { Transaction } from '../../src/waf/transaction-types.ts'

const writer = fileURLToPath(new URL('./rule-log-writer.ts', import.meta.url))
const run = promisify(execFile)

t.test('lines of two transactions never interleave, whatever process writes them', async (t) => {
  const folder = t.testdir({})
  const count = 500
  await Promise.all(['a', 'b'].map((name) => run(process.execPath, [writer, folder, name, String(count)])))
  const lines = readFileSync(join(folder, 'error.log'), 'latin1').trimEnd().split('\n')
  t.equal(lines.length, 4 * count)
  const torn = lines.filter((line, i) => i % 2 === 1 && line !== lines[i - 1]?.replace('first', 'second'))
  t.strictSame(torn, [], 'each second line follows its first')
  const audit = readFileSync(join(folder, 'audit.log'), 'utf8').trimEnd().split('\n')
  t.equal(audit.length, 2 * count)
  t.ok(audit.every((line) => JSON.parse(line).byte === '\xff'))
})

t.test('folders are made, the files are not for everybody, and a missing log is none', (t) => {
  const folder = t.testdir({})
  const errorLog = join(folder, 'new/deep/error.log')
  const log = openRuleLog({ errorLog, auditLog: undefined }, t.fail)
  const logged = [{ ruleId: 1, phase: 1, line: 'one \xff line' }]
  log.write({ logged, auditRecord: () => t.fail('nobody wants it') } as unknown as Transaction) // it reads nothing else
  log.close()
  t.equal(readFileSync(errorLog, 'latin1'), 'one \xff line\n')
  t.equal(statSync(errorLog).mode & 0o007, 0)
  openRuleLog({ errorLog: undefined, auditLog: undefined }, t.fail).close()
  t.notOk(existsSync(join(folder, 'undefined')))
  t.end()
})

t.test('a log that cannot be opened is an error before anything is served', (t) => {
  const folder = t.testdir({ file: 'no folder' })
  const files = { errorLog: join(folder, 'file/error.log'), auditLog: undefined }
  t.throws(() => openRuleLog(files, t.fail), { code: 'ACME_EDGE_LOG_UNWRITABLE' })
  t.end()
})

t.test('a full disk is reported and fails no request', { skip: !existsSync('/dev/full') && 'no /dev/full' }, (t) => {
  const failed: string[] = []
  const log = openRuleLog({ errorLog: '/dev/full', auditLog: undefined }, (path) => void failed.push(path))
  log.write({ logged: [{ ruleId: 1, phase: 1, line: 'x' }] } as unknown as Transaction) // it reads nothing else
  log.close()
  t.strictSame(failed, ['/dev/full'])
  t.end()
})
