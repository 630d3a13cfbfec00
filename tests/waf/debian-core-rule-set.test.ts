import { existsSync, globSync, readFileSync } from 'node:fs'
import t from 'tap'
import { loadRuleSet } from '../../src/waf/rule-set.ts'
import { exchange } from '../helpers/rule-engine.ts'

const rules = '/usr/share/modsecurity-crs/rules'
const skip = existsSync(rules) ? false : 'the package modsecurity-crs is not installed'

if (skip !== false && process.env.CI === 'true') t.fail(skip)

t.test('version 3 of the Core Rule Set, as Debian has it, loads; two operators never match', { skip }, async (t) => {
  const files = [...globSync('/etc/modsecurity/crs/crs-setup.conf'), ...globSync(`${rules}/*.conf`).sort()]
  t.ok(files.length > 20, `${files.length} files`)
  const { warnings, ruleCount } = await loadRuleSet({ files, mode: 'block' })
  t.match(warnings, [{ message: /^@geoLookup/ }, { message: /^@rbl/ }])
  t.equal(warnings.length, 2)
  t.ok(ruleCount > 400, `${ruleCount} rules`)
})

t.test('its protection against floods counts, blocks and lets go again', { skip }, async (t) => {
  const setup = `SecAction "id:1,phase:1,nolog,pass,setvar:tx.dos_burst_time_slice=60,setvar:tx.dos_counter_threshold=20"
    SecAction "id:2,phase:1,nolog,pass,setvar:tx.dos_block_timeout=600,setvar:tx.crs_setup_version=334"`
  const clock = { now: 1_700_000_000_000 }
  const ruleSet = await loadRuleSet({
    files: ['setup', ...globSync(`${rules}/*.conf`).sort()],
    mode: 'block',
    readFile: (path) => (path === 'setup' ? setup : readFileSync(path, 'latin1')),
    now: () => clock.now,
  })
  const ask = async (count: number, { client = '192.0.2.1', target = '/page' } = {}) => {
    const verdicts: string[] = []
    for (let i = 0; i < count; i++) verdicts.push((await exchange(ruleSet, { client, target, headers })).verdict.kind)
    return verdicts
  }
  t.notOk((await ask(60, { client: '192.0.2.2', target: '/picture.jpg' })).includes('drop'), 'pictures do not count')
  const flood = await ask(60)
  t.equal(flood.indexOf('drop'), 40, 'after two bursts of 20')
  t.strictSame([...new Set(flood.slice(40))], ['drop'])
  t.strictSame(await ask(3, { client: '192.0.2.3' }), ['pass', 'pass', 'pass'], 'others are served')
  clock.now += 599_000
  t.strictSame(await ask(1), ['drop'])
  clock.now += 1_000
  t.strictSame(await ask(1), ['pass'])
  for (let burst = 0; burst < 4; burst++) {
    t.notOk((await ask(19)).includes('drop'), 'a burst alone is no flood')
    clock.now += 61_000
  }
})

const headers = ['Host', 'shop.example', 'User-Agent', 'Mozilla/5.0', 'Accept', '*/*']
