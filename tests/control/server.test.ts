import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import { connect as connectSocket, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { ActiveChallenge, ChallengePublisher } from '../../src/challenge/publisher.ts'
import { connectControl } from '../../src/control/client.ts'
import { startControlServer } from '../../src/control/server.ts'
import { eventually } from '../helpers/edge-process.ts'
import { hostName } from '../helpers/edge-request.ts'

const token = 'token-0123456789-0123456789'
const host = hostName('shop.example')
const challenge: ActiveChallenge = { host, token, keyAuthorization: `${token}.key`, expiresAtMs: 1 }
const signal = () => AbortSignal.timeout(5_000)

/** Writes down what it is asked for; `hold` keeps the acknowledgement back. */
function recorder() {
  const calls: string[] = []
  const state: { hold: Promise<void> | undefined; fail: Error | undefined } = { hold: undefined, fail: undefined }
  const note = async (call: string) => {
    calls.push(call)
    await state.hold
    if (state.fail !== undefined) throw state.fail
  }
  const publisher: ChallengePublisher = {
    publish: (one) => note(`publish ${one.host} ${one.token} ${one.keyAuthorization} ${one.expiresAtMs}`),
    withdraw: (one) => note(`withdraw ${one.host} ${one.token}`),
    installed: (name) => note(`installed ${name}`),
  }
  return { calls, state, publisher }
}

async function start(t: Test, folder = t.testdir({})) {
  const { calls, state, publisher } = recorder()
  const server = await startControlServer(folder, publisher)
  t.teardown(() => server.close())
  const client = await connectControl(folder)
  if (client === undefined) throw new Error('nobody listens')
  t.teardown(() => client.close())
  return { calls, state, publisher, folder, server, client }
}

t.test('calls arrive whole, and are acknowledged', async (t) => {
  const { calls, client } = await start(t)
  await client.publish(challenge, signal())
  await client.withdraw(challenge, signal())
  await client.installed('shop.example', signal())
  const published = `publish shop.example ${token} ${token}.key 1`
  t.strictSame(calls, [published, `withdraw shop.example ${token}`, 'installed shop.example'])
})

t.test('the acknowledgement waits for the publisher', async (t) => {
  const { client, state } = await start(t)
  const { promise, resolve } = Promise.withResolvers<void>()
  state.hold = promise
  let isDone = false
  const call = client.publish(challenge, signal()).then(() => {
    isDone = true
  })
  await new Promise((done) => setTimeout(done, 50))
  t.notOk(isDone)
  resolve()
  await call
  t.ok(isDone)
})

t.test('what the publisher cannot do is an error at the client', async (t) => {
  const { client, state } = await start(t)
  state.fail = new Error('a worker failed')
  await t.rejects(client.publish(challenge, signal()), { code: 'ACME_EDGE_CONTROL_FAILED', message: /a worker failed/ })
  state.fail = undefined
  await client.publish(challenge, signal())
})

t.test('the socket is its owner’s alone', async (t) => {
  const { folder } = await start(t)
  const status = statSync(join(folder, 'control.sock'))
  t.ok(status.isSocket())
  t.equal(status.mode & 0o777, 0o600)
  t.equal(process.umask(), process.umask(process.umask()), 'the mask of the process is as before')
})

t.test('a client that is killed leaves nothing active', async (t) => {
  const { calls, client } = await start(t)
  const second = { ...challenge, token: `${token}2`, keyAuthorization: `${token}2.key` }
  await client.publish(challenge, signal())
  await client.publish(second, signal())
  await client.withdraw(second, signal())
  client.close()
  await eventually('it is withdrawn', () => calls.length === 4)
  t.equal(calls[3], `withdraw shop.example ${token}`)
  await t.rejects(client.publish(challenge, signal()), { code: 'ACME_EDGE_CONTROL_FAILED' })
})

t.test('calls that wait when the edge goes away fail, and so do those whose time is over', async (t) => {
  const { client, server, state } = await start(t)
  state.hold = new Promise(() => {})
  await t.rejects(client.publish(challenge, AbortSignal.timeout(30)), { name: 'TimeoutError' })
  await t.rejects(client.publish(challenge, AbortSignal.abort(new Error('stopped'))), { message: 'stopped' })
  const call = client.publish(challenge, signal())
  setTimeout(() => void server.close(), 20)
  await t.rejects(call, { code: 'ACME_EDGE_CONTROL_FAILED', message: /went away/ })
})

t.test('a garbled line ends the connection, and nothing behind it is carried out', async (t) => {
  const { calls, folder } = await start(t)
  const good = JSON.stringify({ id: 1, call: 'installed', name: 'x' })
  const garbled = [
    'nonsense',
    'null',
    '{}',
    '{"id":1}',
    '{"id":1,"call":"exec"}',
    '{"id":"1","call":"installed","name":"x"}',
    '{"id":1,"call":"installed","name":7}',
    '{"id":1,"call":"withdraw","host":"a"}',
    '{"id":1,"call":"publish","challenge":{"host":"a","token":"b","keyAuthorization":"c"}}',
    'x'.repeat(70_000),
  ]
  for (const line of garbled) {
    const socket = connectSocket(join(folder, 'control.sock'))
    socket.on('error', () => undefined)
    socket.write(`${line}\n${good}\n`)
    await new Promise((resolve) => socket.on('close', resolve))
  }
  t.equal(garbled.length, 10)
  t.strictSame(calls, [])
})

t.test('a line that never ends is not collected for ever', async (t) => {
  const { folder } = await start(t)
  const socket = connectSocket(join(folder, 'control.sock'))
  socket.on('error', () => undefined)
  const timer = setInterval(() => socket.write('x'.repeat(20_000)), 5)
  await new Promise((resolve) => socket.on('close', resolve))
  clearInterval(timer)
  t.ok(socket.bytesWritten < 1_000_000)
})

t.test('a second edge with the same store does not start; after a crash the next one does', async (t) => {
  const { folder, publisher, client } = await start(t)
  await t.rejects(startControlServer(folder, publisher), { code: 'ACME_EDGE_ALREADY_RUNNING' })
  await client.installed('x', signal())
  const crashed = mkdtempSync(join(tmpdir(), 'acme-edge-'))
  t.teardown(() => rmSync(crashed, { recursive: true, force: true }))
  await leaveStaleSocket(join(crashed, 'control.sock'))
  const next = await startControlServer(crashed, publisher)
  t.ok(await connectControl(crashed).then((found) => found?.close() ?? true))
  await next.close()
})

t.test('where no edge runs there is no client', async (t) => {
  const folder = t.testdir({ file: { 'control.sock': 'no socket' } })
  t.equal(await connectControl(folder), undefined)
  t.equal(await connectControl(join(folder, 'missing')), undefined)
  t.equal(await connectControl(join(folder, 'x'.repeat(120))), undefined)
  t.equal(await connectControl(join(folder, 'file')), undefined)
})

t.test('the path of the store may be longer than a socket address', async (t) => {
  const folder = join(t.testdir({}), 'a'.repeat(100), 'b'.repeat(100))
  mkdirSync(folder, { recursive: true })
  const { calls, client, server, publisher } = await start(t, folder)
  await client.installed('x', signal())
  t.strictSame(calls, ['installed x'])
  await t.rejects(startControlServer(folder, publisher), { code: 'ACME_EDGE_ALREADY_RUNNING' })
  await server.close()
  t.equal(await connectControl(folder), undefined)
})

/** A socket file that nobody listens on: its server was renamed away from under itself. */
async function leaveStaleSocket(path: string): Promise<void> {
  const server = createServer((socket: Socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(`${path}.old`, resolve))
  renameSync(`${path}.old`, path)
  await new Promise((resolve) => server.close(resolve))
}
