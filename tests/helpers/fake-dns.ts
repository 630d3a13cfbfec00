import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import { isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'

export type DnsFailure = 'SERVFAIL' | 'REFUSED' | 'silent'
/** Flags, tag and value. */
export type Caa = readonly [number, string, string]

export interface DnsName {
  readonly a?: readonly string[] | DnsFailure
  readonly aaaa?: readonly string[] | DnsFailure
  readonly caa?: readonly Caa[] | DnsFailure
}

export interface FakeDns {
  /** As `setServers` takes it. */
  readonly server: string
  /** Every question, as `AAAA name`. */
  readonly asked: string[]
  close(): Promise<void>
}

const typeNames: Readonly<Record<number, string>> = { 1: 'A', 28: 'AAAA', 257: 'CAA' }
const rcodes = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const

/**
 * A name server on loopback that knows these names and nothing else: a name that is not there and has none below it does
 * not exist (RFC 8020), a record that is not there is NODATA.
 */
export async function startFakeDns(zone: Readonly<Record<string, DnsName>>): Promise<FakeDns> {
  const socket = createSocket('udp4')
  const asked: string[] = []
  socket.on('message', (message, from) => {
    const { name, type, end } = readQuestion(message)
    const typeName = typeNames[type] ?? String(type)
    asked.push(`${typeName} ${name}`)
    const answer = answerTo(zone, name, typeName)
    if (answer !== 'silent') reply(message.subarray(0, end), answer, from)
  })
  const reply = (question: Buffer, { rcode, records }: Answer, from: RemoteInfo) => {
    const head = Buffer.from([0, 0, 0x81, 0x80 | rcode, 0, 1, 0, records.length, 0, 0, 0, 0])
    question.copy(head, 0, 0, 2)
    socket.send(Buffer.concat([head, question.subarray(12), ...records]), from.port, from.address)
  }
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    server: `127.0.0.1:${socket.address().port}`,
    asked,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  }
}

interface Answer {
  readonly rcode: number
  readonly records: readonly Buffer[]
}

function answerTo(zone: Readonly<Record<string, DnsName>>, name: string, typeName: string): Answer | 'silent' {
  const known = zone[name]
  const exists = known !== undefined || Object.keys(zone).some((other) => other.endsWith(`.${name}`))
  if (!exists) return { rcode: rcodes.NXDOMAIN, records: [] }
  switch (typeName) {
    case 'A':
    case 'AAAA': {
      const found = (typeName === 'A' ? known?.a : known?.aaaa) ?? []
      if (typeof found === 'string') return failing(found)
      const bytes = (address: string) => Buffer.from(ipaddr.parse(address).toByteArray())
      return { rcode: 0, records: found.map((address) => record(isIPv4(address) ? 1 : 28, bytes(address))) }
    }
    case 'CAA': {
      const found = known?.caa ?? []
      if (typeof found === 'string') return failing(found)
      const bytes = ([flags, tag, value]: Caa) =>
        Buffer.concat([Buffer.from([flags, tag.length]), Buffer.from(tag), Buffer.from(value)])
      return { rcode: 0, records: found.map((caa) => record(257, bytes(caa))) }
    }
    default:
      return { rcode: 0, records: [] }
  }
}

const failing = (failure: DnsFailure): Answer | 'silent' =>
  failure === 'silent' ? 'silent' : { rcode: rcodes[failure], records: [] }

/** For the name of the question, of class IN, for a minute. */
function record(type: number, data: Buffer): Buffer {
  const head = Buffer.from([0xc0, 12, 0, 0, 0, 1, 0, 0, 0, 60, 0, 0])
  head.writeUInt16BE(type, 2)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}

function readQuestion(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 }
}
