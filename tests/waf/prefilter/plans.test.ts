import { existsSync, readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { expandRules } from '../../../src/cli/test-files.ts'
import { loadRuleSet } from '../../../src/waf/rule-set.ts'
import { coreRuleSetFiles, coreRuleSetTests } from '../../helpers/core-rule-set.ts'
import { randomFrom } from '../../helpers/random.ts'
import { exchange } from '../../helpers/rule-engine.ts'
import { isFullRun } from '../../helpers/run-size.ts'

const skip = existsSync(coreRuleSetTests) ? false : 'the Core Rule Set is not beside this repository'
const REQUESTS = isFullRun ? 600 : 150
const ARGUMENTS = 60
const MOST_BYTES = 80_000_000

/**
 * Plans are made for kinds of bytes, and requests choose those: thousands of values, each with kinds of its own, in names, values,
 * cookies and header fields, must not fill the memory.
 */
t.test('a flood of values with ever other kinds of bytes', { skip, timeout: 240_000 }, async (t) => {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void // V8's, after that flag
  const rules = await loadRuleSet({
    files: expandRules(coreRuleSetFiles),
    mode: 'detect',
    readFile: (path) => readFileSync(path, 'latin1'),
    elapsed: () => 0,
  })
  const random = randomFrom(7)
  const value = (): string => {
    let text = ''
    for (const byte of ' aA0.-_/:;,(=&%+@\'"`<$|!*[\\\x01\xe9') {
      if (random.below(2) === 0) text += `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`
    }
    return text
  }
  await exchange(rules, { target: `/?a=${value()}` })
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  let matched = 0
  for (let i = 0; i < REQUESTS; i++) {
    const query = Array.from({ length: ARGUMENTS }, () => `${value()}=${value()}`).join('&')
    const raw = decodeURIComponent(value().replaceAll('%e9', '')).replace(/[;\x01]/g, '')
    const headers = ['Host', 'shop.example', 'Cookie', `${raw}=${raw}`, 'User-Agent', raw, 'Referer', raw]
    matched += (await exchange(rules, { target: `/${value()}?${query}`, headers })).matched.length
  }
  collectGarbage()
  const grownBytes = process.memoryUsage().heapUsed - before
  t.ok(matched > REQUESTS, `${matched} matches`)
  t.ok(grownBytes < MOST_BYTES, `${Math.round(grownBytes / 1e6)} MB more after ${REQUESTS * ARGUMENTS} values`)
})
