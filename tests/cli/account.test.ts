import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { spawnEdge } from '../helpers/edge-process.ts'
import { pebbleMissing, startPebble } from '../helpers/pebble.ts'

const skip = pebbleMissing()
t.setTimeout(180_000)
const hmacKey = randomBytes(32).toString('base64url')

interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Two CAs, of which the first one registers its customers alone. */
async function fixture(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'acme-edge-account-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const first = await startPebble({ folder: join(folder, 'first'), externalAccounts: { 'kid-1': hmacKey } })
  t.teardown(() => first.stop())
  const second = await startPebble({ folder: join(folder, 'second') })
  t.teardown(() => second.stop())
  writeFileSync(join(folder, 'eab.key'), `${hmacKey}\n`, { mode: 0o600 })
  const eab = { kid: 'kid-1', hmac_key_file: 'eab.key' }
  const fallback = [{ directory: second.directory, root_ca: second.rootCa }]
  const writeConfig = (acme: object) =>
    writeFileSync(
      join(folder, 'edge.yaml'),
      JSON.stringify({
        listen: { http: ['127.0.0.1:0'] },
        acme: { directory: first.directory, root_ca: first.rootCa, fallback, ...acme },
        log: { access: 'off' },
      }),
    )
  writeConfig({ eab, contact: ['mailto:ops@shop.example'] })
  const run = async (...words: string[]): Promise<Outcome> => {
    const edge = spawnEdge(words, { cwd: folder })
    const { code } = await edge.exited
    return { code, stdout: edge.stdout(), stderr: edge.stderr() }
  }
  const json = async (...words: string[]) => {
    const { code, stdout, stderr } = await run('account', ...words, '--json')
    return { code, stderr, said: JSON.parse(stdout) as Record<string, unknown> } // one object
  }
  return { folder, first, second, eab, writeConfig, run, json }
}

t.test('the account at a CA, from its registration to its end', { skip }, async (t) => {
  const { folder, first, second, eab, writeConfig, run, json } = await fixture(t)
  t.match(await json('show'), { code: 1, said: { ok: false, error: { code: 'ACME_EDGE_ACME_ACCOUNT_MISSING' } } })

  const created = await json('create')
  const account = {
    ca: first.directory,
    status: 'valid',
    contact: ['mailto:ops@shop.example'],
    externalAccount: 'kid-1',
  }
  t.match(created, { code: 0, said: { ok: true, state: 'created', account } })
  t.match(await json('create'), { code: 0, said: { state: 'reused', account } })
  const shown = await json('show')
  t.match(shown, { code: 0, said: account })
  const keyFile = String(shown.said.keyFile)
  t.match(readFileSync(keyFile, 'latin1'), /BEGIN PRIVATE KEY/)
  t.equal(statSync(keyFile).mode & 0o777, 0o600)
  const text = await run('account', 'show')
  t.match(text.stdout, /^status: {3}valid$/m)
  t.match(text.stdout, /^terms: {4}data:text\/plain/m)
  t.notMatch(text.stdout, /PRIVATE KEY/)

  t.match(await json('update', '--contact', 'mailto:a@shop.example', 'mailto:b@shop.example'), {
    code: 0,
    said: { ok: true, contact: ['mailto:a@shop.example', 'mailto:b@shop.example'] },
  })
  t.match(await json('show'), { said: { contact: ['mailto:a@shop.example', 'mailto:b@shop.example'] } })
  t.match(await json('update'), { said: { contact: ['mailto:ops@shop.example'] } })
  writeConfig({ eab })
  t.match(await run('account', 'update'), { code: 0, stdout: /: no contact$/m })

  const { said } = await json('rollover')
  t.match(said, { ok: true, oldThumbprint: shown.said.keyThumbprint })
  t.match(await json('show'), { said: { status: 'valid', keyThumbprint: said.newThumbprint, contact: [] } })

  await t.test('another CA has another account', async (t) => {
    const host = new URL(second.directory).host
    t.match(await json('create', '--ca', host), {
      code: 0,
      said: { state: 'created', account: { ca: second.directory } },
    })
    t.match(await json('show', '--ca', second.directory), { code: 0, said: { externalAccount: undefined } })
    const both = await json('show', '--ca', '127.0.0.1')
    t.match(both, { code: 2, said: { error: { code: 'ACME_EDGE_USAGE', message: /fits several CAs/ } } })
    const none = await run('account', 'show', '--ca', 'ca.example')
    t.match(none, { code: 2, stderr: /"ca\.example" is none of the CAs of the config: https:/ })
    for (const { directory } of [first, second]) t.ok(none.stderr.includes(directory))
  })

  const asked = await run('account', 'deactivate')
  t.match(asked, { code: 2, stderr: /ends the account at .*\/dir\. No CA takes it back.* Say --yes to do it/ })
  t.match(await json('show'), { said: { status: 'valid' } })
  t.match(await json('deactivate', '--yes'), { code: 0, said: { ok: true, result: 'deactivated' } })
  t.match(await json('deactivate', '--yes'), { code: 1, said: { error: { code: 'ACME_EDGE_ACME_ACCOUNT_MISSING' } } })
  t.match(await json('rollover'), { code: 1, said: { error: { code: 'ACME_EDGE_ACME_ACCOUNT_MISSING' } } })
  const again = await json('create')
  t.match(again, { code: 0, said: { state: 'created' } })
  t.notMatch(again.said, { account: { keyThumbprint: said.newThumbprint } })

  const everything = readdirSync(join(folder, 'certs'), { recursive: true, withFileTypes: true })
  const files = everything.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  t.ok(files.length > 4, `${files.length} files`)
  t.notOk(
    files.some((file) => readFileSync(file, 'latin1').includes(hmacKey)),
    'the MAC key is not stored',
  )
})

t.test('what is wrong is said, with the exit code for it', { skip }, async (t) => {
  const { folder, first, eab, writeConfig, run } = await fixture(t)
  const secret = 'U0VDUkVULVNFQ1JFVC1TRUNSRVQ'
  writeFileSync(join(folder, 'bad.key'), `${secret} x`)
  const wrong: readonly (readonly [words: string[], acme: object, code: number, says: RegExp])[] = [
    [['account'], {}, 2, /no command given/],
    [['account', 'creat'], {}, 2, /Did you mean create/],
    [['account', 'show', '--yes'], {}, 2, /unknown option '--yes'/],
    [['account', 'update', '--contact'], {}, 2, /argument missing/],
    [['account', 'update', '--contact', 'a@b.example'], {}, 2, /did you mean "mailto:a@b\.example"/],
    [['account', 'create', '--ca'], {}, 2, /argument missing/],
    [['account', 'create', '--config', 'none.yaml'], {}, 2, /none\.yaml/],
    [['account', 'create'], {}, 2, /registers accounts of its customers alone: set eab/],
    [['account', 'create'], { eab: { ...eab, kid: 'kid-9' } }, 1, /ACME_EDGE_ACME_REFUSED/],
    [['account', 'create'], { eab: { ...eab, hmac_key_file: 'none.key' } }, 2, /none\.key/],
    [['account', 'create'], { eab: { ...eab, hmac_key_file: 'bad.key' } }, 2, /bad\.key does not hold base64url/],
    [['account', 'create'], { eab: { ...eab, hmac_key: secret } }, 2, /one of both/],
    [['account', 'create'], { eab: { kid: 'kid-1', hmac_key: secret } }, 1, /ACME_EDGE_ACME_REFUSED/],
    [['account', 'create'], { eab, root_ca: 'none.pem' }, 2, /acme\.root_ca cannot be read/],
    [['account', 'create'], { directory: 'https://127.0.0.1:1/dir' }, 1, /ECONNREFUSED/],
    [['account', 'create'], { eab, contact: ['mailto:ops@example.org'], directory: first.directory }, 0, /^$/],
  ]
  for (const [words, acme, code, says] of wrong) {
    writeConfig(acme)
    const outcome = await run(...words)
    t.equal(outcome.code, code, `${words.join(' ')} with ${Object.keys(acme)}: ${outcome.stderr}`)
    t.match(outcome.stderr, says)
    t.notMatch(outcome.stderr + outcome.stdout, secret, 'no secret is shown')
  }
  t.equal(wrong.length, 16)
  writeFileSync(join(folder, 'edge.yaml'), JSON.stringify({ listen: { http: ['127.0.0.1:0'] } }))
  t.match(await run('account', 'show'), { code: 2, stderr: /ACME_EDGE_ACME_NOT_CONFIGURED/ })
})
