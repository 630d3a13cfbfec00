import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { eventually, spawnEdge } from '../helpers/edge-process.ts'
import { freePorts } from '../helpers/free-ports.ts'
import { type Pebble, pebbleMissing, startPebble } from '../helpers/pebble.ts'

const skip = pebbleMissing()

interface Line {
  readonly event?: string
  readonly when?: string
  readonly code?: string
  readonly text?: string
  readonly ok?: boolean
  readonly error?: { readonly code: string; readonly message: string; readonly details: object }
}

async function fixture(t: Test, { rules = '', acme }: { rules?: string; acme?: (pebble: Pebble) => object } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'acme-edge-diagnosis-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const pebble = await startPebble({ folder })
  t.teardown(() => pebble.stop())
  const [adminPort] = await freePorts(1)
  writeFileSync(join(folder, 'test.conf'), `SecRuleEngine On\n${rules}\n`)
  writeFileSync(
    join(folder, 'edge.yaml'),
    JSON.stringify({
      listen: { http: [`127.0.0.1:${pebble.httpPort}`] },
      waf: { rules: ['test.conf'] },
      acme: acme?.(pebble) ?? { directory: pebble.directory, root_ca: pebble.rootCa },
      admin: { listen: `127.0.0.1:${adminPort}` },
      log: { access: 'off' },
    }),
  )
  const run = async (...words: string[]) => {
    const edge = spawnEdge(words, { cwd: folder })
    const { code } = await edge.exited
    return { code, stdout: edge.stdout(), stderr: edge.stderr() }
  }
  const diagnose = async (words: readonly string[], validationPort = pebble.httpPort) => {
    const asking = ['--diagnose', '--resolver', pebble.dns, '--validation-port', String(validationPort)]
    const { code, stdout, stderr } = await run('issue', ...words, '--json', ...asking)
    const lines = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line) // one object a line
    return { code, lines, stderr, found: lines.filter(({ event }) => event === 'finding') }
  }
  return { folder, pebble, run, diagnose, adminPort }
}

t.test('nothing stands in the way: the certificate is issued', { skip }, async (t) => {
  const { diagnose } = await fixture(t)
  const { code, lines, found, stderr } = await diagnose(['a.example', 'b.example'])
  t.equal(code, 0, stderr)
  t.strictSame(found, [])
  t.match(lines[0], { event: 'diagnosed', when: 'before', errors: 0, warnings: 0 })
  t.match(lines.at(-1), { ok: true })
})

t.test('a fault holds the order: not even an account is made', { skip }, async (t) => {
  const { diagnose, folder } = await fixture(t)
  const [closed] = await freePorts(1)
  const { code, lines, found } = await diagnose(['a.example'], closed)
  t.equal(code, 1)
  t.match(found, [{ code: 'PORT_REFUSED', severity: 'error', name: 'a.example', when: 'before' }])
  t.match(lines.at(-1), { ok: false, error: { code: 'ACME_EDGE_ACME_DIAGNOSED', details: { findings: [{}] } } })
  t.notOk(existsSync(join(folder, 'certs/state/accounts')), 'the CA was asked for nothing')
})

t.test('a wildcard is a finding, for a person one line', { skip }, async (t) => {
  const { run, pebble } = await fixture(t)
  const { code, stdout, stderr } = await run('issue', '*.a.example', '--diagnose', '--resolver', pebble.dns)
  t.equal(code, 1)
  t.match(stdout, /^error NAME_WILDCARD \*\.a\.example: .*; fix: .*\n$/)
  t.match(stderr, /^acme-edge: ACME_EDGE_ACME_DIAGNOSED: nothing was ordered/)
})

t.test('what the CA refuses is diagnosed once more', { skip }, async (t) => {
  const { diagnose } = await fixture(t)
  const { code, lines } = await diagnose(['blocked-domain.example'])
  t.equal(code, 1)
  t.strictSame(
    lines.filter(({ event }) => event === 'diagnosed').map(({ when }) => when),
    ['before', 'after'],
  )
  t.match(lines.at(-1), { ok: false, error: { code: 'ACME_EDGE_ACME_REFUSED' } })
})

t.test('a rule that would block a validator is named, with the narrowest exclusion', { skip }, async (t) => {
  const rules =
    'SecRule REQUEST_HEADERS:User-Agent "@contains Go-http-client" "id:4711,phase:1,deny,status:403,log,msg:\'robot\'"'
  const { diagnose } = await fixture(t, { rules })
  const { code, found } = await diagnose(['a.example'])
  t.equal(code, 0, 'a warning does not hold the order, and the challenge is answered whatever rules say')
  t.match(found, [{ code: 'RULE_BLOCKS', severity: 'warning', text: /rule 4711 would answer 403/ }])
  t.match(JSON.stringify(found), /ctl:ruleRemoveTargetById=4711;REQUEST_HEADERS:User-Agent/)
})

t.test('beside a running edge, which answers the probe', { skip }, async (t) => {
  const { diagnose, folder, adminPort } = await fixture(t)
  const edge = spawnEdge(['run', '--config', 'edge.yaml'], { cwd: folder })
  t.teardown(async () => {
    edge.child.kill('SIGTERM')
    await edge.exited
  })
  const ready = async () => (await fetch(`http://127.0.0.1:${adminPort}/readyz`).catch(() => undefined))?.ok === true
  await eventually('the edge is ready', ready, 20_000)
  const { code, lines, found, stderr } = await diagnose(['a.example'])
  t.equal(code, 0, stderr)
  t.strictSame(found, [])
  t.ok(lines.some((line) => 'via' in line && line.via === 'running edge'))
})

t.test(
  'the CA that is going to be asked is looked at: that of --ca, and acme.staging with --dry-run',
  { skip },
  async (t) => {
    const [closed] = await freePorts(1)
    const { diagnose, pebble } = await fixture(t, {
      acme: ({ directory, rootCa }) => ({
        ...{ directory: `http://127.0.0.1:${closed}/dir`, root_ca: rootCa, staging: directory },
        fallback: [{ directory, root_ca: rootCa }],
      }),
    })
    const first = await diagnose(['a.example'])
    t.equal(first.code, 1)
    t.match(first.found, [{ code: 'CA_UNREACHABLE' }])
    const other = await diagnose(['a.example', '--ca', new URL(pebble.directory).host])
    t.equal(other.code, 0, other.stderr)
    const rehearsed = await diagnose(['a.example', '--dry-run'])
    t.equal(rehearsed.code, 0, rehearsed.stderr)
    t.strictSame([other.found, rehearsed.found], [[], []])
  },
)

t.test('wrong options are told', async (t) => {
  for (const words of [
    ['--resolver', 'dns.example'],
    ['--validation-port', '70000'],
  ]) {
    const folder = mkdtempSync(join(tmpdir(), 'acme-edge-diagnosis-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    const config = { listen: { http: ['127.0.0.1:0'] }, acme: { directory: 'http://127.0.0.1:9/dir' } }
    writeFileSync(join(folder, 'edge.yaml'), JSON.stringify(config))
    const edge = spawnEdge(['issue', 'a.example', '--diagnose', ...words], { cwd: folder })
    t.equal((await edge.exited).code, 2, words.join(' '))
    t.match(edge.stderr(), /ACME_EDGE_USAGE/)
  }
})
