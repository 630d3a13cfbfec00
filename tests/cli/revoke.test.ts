import { X509Certificate } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { eventually, spawnEdge } from '../helpers/edge-process.ts'
import { freePorts } from '../helpers/free-ports.ts'
import { pebbleMissing, startPebble } from '../helpers/pebble.ts'

const skip = pebbleMissing()
t.setTimeout(180_000)

async function fixture(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'acme-edge-revoke-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const pebble = await startPebble({ folder: join(folder, 'first') })
  t.teardown(() => pebble.stop())
  const other = await startPebble({ folder: join(folder, 'second'), httpPort: pebble.httpPort })
  t.teardown(() => other.stop())
  const [httpsPort] = await freePorts(1)
  writeFileSync(
    join(folder, 'edge.yaml'),
    JSON.stringify({
      listen: { http: [`127.0.0.1:${pebble.httpPort}`], https: [`127.0.0.1:${httpsPort}`] },
      waf: { mode: 'off', rules: [] },
      acme: {
        directory: pebble.directory,
        root_ca: pebble.rootCa,
        fallback: [{ directory: other.directory, root_ca: other.rootCa }],
        certificates: [{ names: ['managed.example'] }],
      },
      log: { access: 'off' },
    }),
  )
  const run = async (...words: string[]) => {
    const edge = spawnEdge(words, { cwd: folder })
    const { code } = await edge.exited
    return { code, stdout: edge.stdout(), stderr: edge.stderr() }
  }
  const json = async (...words: string[]) => {
    const { code, stdout, stderr } = await run('revoke', ...words, '--json')
    return { code, stderr, said: JSON.parse(stdout) as Record<string, unknown> } // one object
  }
  const issue = async (...words: string[]) =>
    t.match(await run('issue', ...words), { code: 0 }, `issue ${words.join(' ')}`)
  const live = (name: string, file: string) => join(folder, 'certs/live', name, file)
  const serial = (name: string) => new X509Certificate(readFileSync(live(name, 'cert.pem'))).serialNumber.toLowerCase()
  const marker = (serial: string) => readFileSync(join(folder, 'certs/state/revoked', serial), 'latin1')
  return { folder, pebble, other, run, json, issue, live, serial, marker }
}

t.test('a certificate is revoked by the account, once, with its reason noted', { skip }, async (t) => {
  const { run, json, issue, serial, marker, pebble, other, live, folder } = await fixture(t)
  await issue('a.example', 'www.a.example')
  const first = serial('a.example')
  await issue('a.example', 'www.a.example')
  const second = serial('a.example')

  const earlier = first.toUpperCase().replace(/..(?!$)/g, '$&:')
  t.match(await json('a.example', '--reason', 'superseded', '--serial', earlier), {
    code: 0,
    said: { ok: true, result: 'revoked', serial: first, reason: 'superseded', replacement: 'none' },
  })
  t.match(marker(first), /"reason":"superseded"/)
  t.throws(() => marker(second), 'the one that is served is as it was')
  t.match(await json('a.example', '--reason', 'superseded', '--serial', first), {
    code: 0,
    said: { result: 'already' },
  })
  t.match(await run('revoke', 'a.example', '--reason', 'KEYCOMPROMISE'), {
    code: 0,
    stdout: new RegExp(`^certificate ${second} for a\\.example, www\\.a\\.example revoked: keyCompromise$`, 'm'),
  })
  t.match(marker(second), /"reason":"keyCompromise"/)
  t.match(await run('revoke', 'a.example', '--reason', 'unspecified'), {
    code: 0,
    stdout: /was revoked before; nothing was left to do/,
  })

  await t.test('by the key of the certificate alone', async (t) => {
    await issue('b.example')
    mkdirSync(join(folder, 'apart'))
    for (const file of ['cert.pem', 'privkey.pem', 'fullchain.pem'])
      copyFileSync(live('b.example', file), join(folder, 'apart', file))
    rmSync(join(folder, 'certs/state/accounts'), { recursive: true })
    const byAccount = await json('b.example', '--reason', 'superseded')
    t.match(byAccount, { code: 1, said: { error: { code: 'ACME_EDGE_ACME_ACCOUNT_MISSING' } } })
    t.throws(() => marker(serial('b.example')), 'what is not revoked is not noted as such')
    t.match(await json('--cert', 'apart/fullchain.pem', '--key', 'apart/privkey.pem', '--reason', 'keyCompromise'), {
      code: 0,
      said: { ok: true, result: 'revoked', names: ['b.example'] },
    })
  })

  await t.test('of another CA, which is known from its order', async (t) => {
    const host = new URL(other.directory).host
    t.match(await run('account', 'create'), { code: 0 })
    await issue('c.example', '--ca', host)
    const fromOther = serial('c.example')
    t.match(await run('show', 'c.example', '--json'), { code: 0, stdout: `"ca":"${other.directory}"` })
    t.match(await run('show', 'c.example'), { code: 0, stdout: `CA:          ${other.directory}\n` })
    t.match(await run('list'), { code: 0, stdout: new RegExp(`^c\\.example {2}.* {2}from ${host}$`, 'm') })
    t.match(await json('c.example', '--reason', 'superseded'), {
      code: 0,
      said: { result: 'revoked', serial: fromOther, ca: other.directory },
    })

    await issue('c.example')
    t.match(await run('list', '--json'), {
      code: 0,
      stdout: `"serial":"${serial('c.example')}","ca":"${pebble.directory}"`,
    })
    t.match(
      await json('c.example', '--reason', 'superseded', '--serial', fromOther),
      {
        code: 0,
        said: { result: 'already', ca: other.directory },
      },
      'an earlier one, too',
    )
    t.match(await json('c.example', '--reason', 'cessationOfOperation'), { code: 0, said: { ca: pebble.directory } })
    const wrong = await json('c.example', '--reason', 'superseded', '--ca', host)
    t.match(wrong, { code: 1, said: { error: { code: 'ACME_EDGE_ACME_REFUSED', message: /say which with --ca/ } } })
  })

  await t.test('of a CA that is in the config no more', async (t) => {
    await issue('e.example', '--ca', new URL(other.directory).host)
    const { acme, ...rest } = JSON.parse(readFileSync(join(folder, 'edge.yaml'), 'latin1'))
    writeFileSync(join(folder, 'one.yaml'), JSON.stringify({ ...rest, acme: { ...acme, fallback: [] } }))
    t.match(await run('revoke', 'e.example', '--reason', 'superseded', '--config', 'one.yaml'), {
      code: 2,
      stderr: new RegExp(`is from ${other.directory}, which is no CA of .*one\\.yaml: .*acme\\.fallback.*--ca`),
    })
    t.throws(() => marker(serial('e.example')))
  })

  await t.test('imported: nobody knows its CA', async (t) => {
    await issue('f.example', '--ca', new URL(other.directory).host)
    for (const file of ['fullchain.pem', 'privkey.pem']) copyFileSync(live('f.example', file), join(folder, file))
    rmSync(join(folder, 'certs/archive/f.example'), { recursive: true })
    rmSync(join(folder, 'certs/live/f.example'))
    t.match(await run('import', '--cert', 'fullchain.pem', '--key', 'privkey.pem'), { code: 0 })
    t.match(await run('show', 'f.example'), { code: 0, stdout: /^CA: +unknown/m })
    t.notMatch((await run('list', '--json')).stdout, /"name":"f\.example"[^}]*"ca"/)
    const wrong = await json('f.example', '--reason', 'superseded')
    t.match(wrong, { code: 1, said: { error: { message: /say which with --ca/ } } })
  })

  await t.test('another account', async (t) => {
    await issue('d.example')
    rmSync(join(folder, 'certs/state/accounts'), { recursive: true })
    t.match(await run('account', 'create'), { code: 0 })
    const refused = await json('d.example', '--reason', 'keyCompromise')
    t.match(refused, { code: 1, said: { error: { message: /own key \(--cert and --key\)/ } } })
    t.match(marker(serial('d.example')), /keyCompromise/, 'a key that others know is so whatever the CA says')
  })
})

t.test('a running edge replaces what was revoked at once, with another key', { skip }, async (t) => {
  const { folder, json, issue, serial, live } = await fixture(t)
  await issue('managed.example') // by hand: the edge would let a minute pass between two orders of its own
  const [before, keyBefore] = [
    serial('managed.example'),
    readFileSync(live('managed.example', 'privkey.pem'), 'latin1'),
  ]
  const edge = spawnEdge(['run', '--config', 'edge.yaml'], { cwd: folder })
  t.teardown(async () => {
    edge.child.kill('SIGTERM')
    await edge.exited
  })
  await eventually('the edge runs', () => edge.stderr().includes('"ready"'), 30_000)
  t.match(await json('managed.example', '--reason', 'keyCompromise'), {
    code: 0,
    said: { result: 'revoked', serial: before, replacement: 'running edge' },
  })
  await eventually('another certificate', () => serial('managed.example') !== before, 30_000)
  t.not(readFileSync(live('managed.example', 'privkey.pem'), 'latin1'), keyBefore)
})

t.test('what is wrong is said, with the exit code for it', { skip }, async (t) => {
  const { folder, run, issue, live } = await fixture(t)
  await issue('a.example')
  await issue('b.example')
  writeFileSync(join(folder, 'text.pem'), 'no certificate\n')
  writeFileSync(join(folder, 'cut.pem'), readFileSync(live('a.example', 'cert.pem'), 'latin1').replace(/\n.{20}/, '\n'))
  const [certA, keyA, keyB] = [
    live('a.example', 'cert.pem'),
    live('a.example', 'privkey.pem'),
    live('b.example', 'privkey.pem'),
  ]
  const reason = ['--reason', 'superseded']
  const wrong: readonly (readonly [words: string[], code: number, says: RegExp])[] = [
    [[], 2, /required option '--reason <reason>' not specified/],
    [['a.example'], 2, /required option '--reason <reason>'/],
    [reason, 2, /name a certificate of the store, or give a file/],
    [['a.example', '--cert', certA, ...reason], 2, /one of both/],
    [['a.example', '--key', keyA, ...reason], 2, /--key goes with --cert/],
    [['--cert', certA, '--serial', '1', ...reason], 2, /--serial goes with a name/],
    [['a.example', '--reason', 'caCompromise'], 2, /one of unspecified, keyCompromise, .*not "caCompromise"/],
    [['a.example', '--reason', '1'], 2, /one of unspecified/],
    [['a.example', '--serial', 'xyz', ...reason], 2, /--serial is a number in hex/],
    [
      ['a.example', '--serial', '1234', ...reason],
      2,
      /no certificate a\.example has the serial 1234; those that are kept: [0-9a-f]+/,
    ],
    [['none.example', ...reason], 2, /there is no certificate none\.example/],
    [['../a', ...reason], 1, /cannot be the name/],
    [['--cert', 'none.pem', ...reason], 2, /none\.pem cannot be used: .*ENOENT/],
    [['--cert', 'text.pem', ...reason], 2, /text\.pem cannot be used: it holds no certificate/],
    [['--cert', 'cut.pem', ...reason], 2, /it is damaged/],
    [['--cert', '.', ...reason], 2, /cannot be used/],
    [['--cert', certA, '--key', certA, ...reason], 2, /holds no private key/],
    [['--cert', certA, '--key', keyB, ...reason], 2, /is not that of the certificate/],
    [['a.example', '--ca', 'ca.example', ...reason], 2, /none of the CAs/],
    [['a.example', '--config', 'none.yaml', ...reason], 2, /none\.yaml/],
  ]
  for (const [words, code, says] of wrong) {
    const outcome = await run('revoke', ...words)
    t.equal(outcome.code, code, `${words.join(' ')}: ${outcome.stderr}`)
    t.match(outcome.stderr, says)
    t.notMatch(outcome.stderr, /BEGIN/)
  }
  t.equal(wrong.length, 20)
})
