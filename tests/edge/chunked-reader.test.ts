import t from 'tap'
import { ChunkedReader } from '../../src/edge/chunked-reader.ts'

function read(text: string, pieceBytes = text.length): { outcome: string; used: number } {
  const reader = new ChunkedReader()
  const bytes = Buffer.from(text, 'latin1')
  let total = 0
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const { used, outcome } = reader.push(bytes.subarray(at, at + pieceBytes))
    total += used
    if (outcome.kind !== 'more') return { outcome: outcome.kind, used: total }
  }
  return { outcome: 'more', used: total }
}

const complete = [
  '0\r\n\r\n',
  '5\r\nhello\r\n0\r\n\r\n',
  '5;ext=1\r\nhello\r\n00\r\n\r\n',
  'a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n',
  '0000000000000005\r\nhello\r\n0\r\n\r\n',
  '5\r\n\r\n\r\n\r\r\n0\r\n\r\n',
  '0\r\nX-Trailer: a\r\nY:\r\n\r\n',
]

const malformed = [
  '\r\n',
  'g\r\n',
  '-1\r\n',
  '+5\r\nhello',
  '0x5\r\nhello',
  ' 5\r\nhello',
  '5 \r\nhello',
  '5 ;a\r\nhello',
  '5\nhello\r\n0\r\n\r\n',
  '5\r\nhello0\r\n\r\n',
  '5\r\nhello\n0\r\n\r\n',
  '5\r\nhelloX\r\n0\r\n\r\n',
  '00000000000000005\r\nhello',
  'ffffffffffffffff\r\n',
  '5;a\x01\r\nhello',
  '5;a\rb\r\nhello',
  '0\r\nX-Trailer : a\r\n\r\n',
  '0\r\n folded\r\n\r\n',
  '0\r\nno colon\r\n\r\n',
  '0\r\nX: \x00\r\n\r\n',
  '0\r\nX: a\n\r\n',
  `5;${'a'.repeat(5000)}\r\nhello`,
  `${`1;${'a'.repeat(1000)}\r\nx\r\n`.repeat(5)}0\r\n\r\n`,
  `0\r\n${`X: ${'a'.repeat(1000)}\r\n`.repeat(5)}\r\n`,
  'a'.repeat(10_000),
]

t.test('bodies are read to their end and no byte further, in whatever pieces they come', (t) => {
  for (const text of complete) {
    for (const piece of [1, 2, 3, 1000]) {
      const next = piece === 1000 ? 'GET / HTTP/1.1\r\n' : ''
      t.strictSame(read(text + next, piece), { outcome: 'end', used: text.length }, JSON.stringify([text, piece]))
    }
  }
  t.equal(complete.length, 7)
  t.end()
})

t.test('what another reader may take differently is refused, in whatever pieces it comes', (t) => {
  for (const text of malformed) {
    for (const piece of [1, 7, 100_000]) {
      t.equal(read(text, piece).outcome, 'refusal', JSON.stringify([text.slice(0, 40), piece]))
    }
  }
  t.equal(malformed.length, 25)
  t.end()
})
