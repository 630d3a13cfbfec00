import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { RequestBody } from '../../src/edge/request-body.ts'
import type { EdgeError } from '../../src/errors.ts'

const patient = { idleTimeoutMs: 5_000, minBytesPerSecond: 0 }

async function failureOf(body: RequestBody): Promise<EdgeError> {
  const [error] = (await once(body, 'error').catch((caught) => [caught])) as [EdgeError] // it fails with nothing else
  return error
}

t.test('the bytes come out as they went in', async (t) => {
  const source = new PassThrough()
  const body = new RequestBody(source, patient)
  source.end('hello')
  t.equal((await body.toArray()).join(''), 'hello')
  t.equal(body.receivedBytes, 5)
  t.ok(body.isComplete)
})

t.test('nothing is read before somebody reads', async (t) => {
  const source = new PassThrough()
  const body = new RequestBody(source, patient)
  source.write('hello')
  await delay(20)
  t.equal(body.receivedBytes, 0)
  t.notOk(body.isComplete)
  body.destroy()
})

t.test('no byte for the idle time: 408', async (t) => {
  const body = new RequestBody(new PassThrough(), { idleTimeoutMs: 50, minBytesPerSecond: 0 })
  body.resume()
  t.match(await failureOf(body), { code: 'ACME_EDGE_REQUEST_TIMEOUT', status: 408 })
})

t.test('bytes that never stop but come too slowly: 408', async (t) => {
  const source = new PassThrough()
  const body = new RequestBody(source, { idleTimeoutMs: 100, minBytesPerSecond: 1_000 })
  const drip = setInterval(() => source.write('x'), 20)
  t.teardown(() => clearInterval(drip))
  body.resume()
  t.match(await failureOf(body), { code: 'ACME_EDGE_REQUEST_TIMEOUT', message: /too slowly/ })
  t.ok(body.receivedBytes >= 4, 'not before the idle time')
})

t.test('the time that a slow reader takes is not the client’s', async (t) => {
  const source = new PassThrough()
  const body = new RequestBody(source, { idleTimeoutMs: 60, minBytesPerSecond: 1_000_000 })
  source.write(Buffer.alloc(200_000))
  body.read(0)
  await delay(200)
  t.notOk(body.destroyed, 'full, so it waits for nothing')
  body.resume()
  source.end('end')
  await once(body, 'end')
  t.equal(body.receivedBytes, 200_003)
})

t.test('a client that goes away fails its body', async (t) => {
  const source = new PassThrough()
  const body = new RequestBody(source, patient)
  body.resume()
  source.destroy()
  t.match(await failureOf(body), { code: 'ACME_EDGE_CLIENT_GONE' })
})

t.test('a failure that nobody waits for ends nothing', async (t) => {
  const body = new RequestBody(new PassThrough(), patient)
  body.destroy(new Error('refused'))
  await delay(10)
  t.ok(body.destroyed)
})

t.test('what is not wanted is read to its end, even after somebody paused it', async (t) => {
  const source = new PassThrough()
  const body = new RequestBody(source, patient)
  body.on('data', () => undefined)
  body.pause()
  source.end(Buffer.alloc(300_000))
  await new Promise<void>((resolve) => body.discard(1_000_000, resolve))
  t.ok(body.isComplete)
})

t.test('but not for ever', async (t) => {
  const source = new PassThrough()
  const body = new RequestBody(source, patient)
  let done = false
  body.discard(100_000, () => {
    done = true
  })
  for (let i = 0; i < 100 && source.write(Buffer.alloc(50_000)); i++) await delay(1)
  await delay(50)
  t.ok(body.receivedBytes < 500_000, `${body.receivedBytes} bytes were read`)
  t.notOk(done, 'the sender has to wait until somebody gives up')
  body.destroy()
})
