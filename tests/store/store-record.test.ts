import fc from 'fast-check'
import t from 'tap'
import { decodeRecord, encodeRecord } from '../../src/store/store-record.ts'

const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31)
const numRuns = 2_000

t.test('a record gives its value back, and no damage goes unnoticed', async (t) => {
  const bytes = fc.uint8Array({ maxLength: 300 })
  fc.assert(
    fc.property(bytes, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, change) => {
      const record = encodeRecord(Buffer.from(value))
      const whole = decodeRecord(record)
      const garbled = Buffer.from(record)
      const position = at % record.length
      garbled.writeUInt8(garbled.readUInt8(position) ^ change, position)
      return (
        whole?.equals(value) === true &&
        decodeRecord(garbled) === undefined &&
        decodeRecord(record.subarray(0, position)) === undefined &&
        decodeRecord(Buffer.concat([record, Buffer.from([change])])) === undefined
      )
    }),
    { seed, numRuns },
  )
  t.comment(`seed ${seed}, ${numRuns} records`)
})

t.test('what is no record is none', async (t) => {
  for (const text of [
    '',
    'acme-edge-record',
    '-----BEGIN PRIVATE KEY-----\n',
    'acme-edge-record 1 sha256=00 bytes=1\nx',
  ]) {
    t.equal(decodeRecord(Buffer.from(text)), undefined, JSON.stringify(text))
  }
})
