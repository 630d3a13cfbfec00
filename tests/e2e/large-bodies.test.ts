import { readFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import net from 'node:net'
import t from 'tap'
import { type EdgeProcess, eventually, startEdgeProcess } from '../helpers/edge-process.ts'
import { connect, requestBytes } from '../helpers/raw-client.ts'

const megabyte = 1_048_576
const total = 100 * megabyte
const state = { uploaded: 0, sent: 0, forms: 0 }

/** Counts what is uploaded, and streams a download with back-pressure. */
const origin = http.createServer((request, response) => {
  if (request.method === 'POST') {
    if (request.url === '/form') state.forms++
    request.on('data', (chunk: Buffer) => {
      state.uploaded += chunk.length
      if (request.url === '/slow') {
        request.pause()
        setTimeout(() => request.resume(), 20)
      }
    })
    request.on('end', () => response.end(String(state.uploaded)))
    return
  }
  state.sent = 0
  response.writeHead(200, { 'content-length': total, 'content-type': 'application/octet-stream' })
  const block = Buffer.alloc(megabyte / 4, 'x')
  const pump = () => {
    while (state.sent < total) {
      state.sent += block.length
      if (!response.write(block)) return void response.once('drain', pump)
    }
    response.end()
  }
  pump()
})
await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve))
t.teardown(() => void origin.close())
const { port } = origin.address() as AddressInfo // a TCP server's address is an AddressInfo
const edge = await startEdgeProcess({ origins: [`http://127.0.0.1:${port}`] })
t.teardown(() => edge.stop())

t.test('100 MB up, with a length and chunked, in flat memory', async (t) => {
  for (const framing of ['length', 'chunked'] as const) {
    state.uploaded = 0
    const peak = watchMemory(edge)
    const body = await upload('/up', framing)
    t.equal(body, String(total), `${framing}: every byte arrived`)
    const peakMegabytes = peak()
    t.ok(peakMegabytes < 300, `${framing}: ${peakMegabytes} MB at most`)
  }
})

t.test('100 MB down in flat memory', async (t) => {
  const peak = watchMemory(edge)
  const bytes = await new Promise<number>((resolve, reject) => {
    let count = 0
    const request = http.get(
      { port: edge.httpPort, host: '127.0.0.1', path: '/down', headers: { host: 'shop.example' } },
      (response) => {
        response.on('data', (chunk: Buffer) => {
          count += chunk.length
        })
        response.on('end', () => resolve(count))
      },
    )
    request.on('error', reject)
  })
  t.equal(bytes, total)
  const peakMegabytes = peak()
  t.ok(peakMegabytes < 300, `${peakMegabytes} MB at most`)
})

t.test('a client that does not read holds the origin back', async (t) => {
  const socket = net.connect(edge.httpPort, '127.0.0.1')
  t.teardown(() => void socket.destroy())
  socket.pause()
  socket.write(requestBytes('GET /down HTTP/1.1', ['Host: shop.example']))
  await eventually('the download has begun', () => state.sent > 0)
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  t.ok(state.sent < 40 * megabyte, `the origin has sent ${Math.round(state.sent / megabyte)} MB`)
})

t.test('an origin that reads slowly holds the client back', async (t) => {
  state.uploaded = 0
  const connection = await connect({ port: edge.httpPort })
  t.teardown(() => connection.destroy())
  connection.write(
    requestBytes('POST /slow HTTP/1.1', [
      'Host: shop.example',
      'Content-Type: application/octet-stream',
      `Content-Length: ${total}`,
    ]),
  )
  let written = 0
  const block = Buffer.alloc(megabyte, 'x')
  const push = () => {
    while (written < total) {
      written += block.length
      if (!connection.socket.write(block)) return void connection.socket.once('drain', push)
    }
  }
  push()
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  t.ok(written < 60 * megabyte, `the client could send ${Math.round(written / megabyte)} MB`)
})

t.test('a form beyond the limit is 413 and reaches no origin', async (t) => {
  const size = 40 * megabyte
  for (const framing of [`Content-Length: ${size}`, 'Transfer-Encoding: chunked']) {
    const connection = await connect({ port: edge.httpPort })
    connection.write(
      requestBytes('POST /form HTTP/1.1', [
        'Host: shop.example',
        'Content-Type: application/x-www-form-urlencoded',
        framing,
      ]),
    )
    const block = 'a'.repeat(megabyte)
    for (let i = 0; i < 40 && connection.received.length === 0 && connection.ending === 'open'; i++) {
      connection.write(framing.startsWith('C') ? block : `${megabyte.toString(16)}\r\n${block}\r\n`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    t.equal((await connection.response())?.status, 413, framing)
    connection.destroy()
  }
  t.equal(state.forms, 0)
})

function upload(path: string, framing: 'length' | 'chunked'): Promise<string> {
  return new Promise((resolve, reject) => {
    const length = framing === 'length' ? { 'content-length': total } : {}
    const headers = { host: 'shop.example', 'content-type': 'application/octet-stream', ...length }
    const request = http.request(
      { port: edge.httpPort, host: '127.0.0.1', method: 'POST', path, headers },
      (response) => {
        let body = ''
        response.on('data', (chunk: Buffer) => {
          body += chunk.toString()
        })
        response.on('end', () => resolve(body))
      },
    )
    request.on('error', reject)
    const block = Buffer.alloc(megabyte / 4, 'x')
    let sent = 0
    const pump = () => {
      while (sent < total) {
        sent += block.length
        if (!request.write(block)) return void request.once('drain', pump)
      }
      request.end()
    }
    pump()
  })
}

/** Samples the edge's resident memory; the returned function ends that and gives the peak in MB. */
function watchMemory(process: EdgeProcess): () => number {
  let peak = 0
  const sample = () => {
    const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${process.pid}/status`, 'latin1'))?.[1] ?? 0)
    peak = Math.max(peak, Math.round(kilobytes / 1_024))
  }
  const timer = setInterval(sample, 50)
  return () => {
    clearInterval(timer)
    sample()
    return peak
  }
}
