import t from 'tap'
import { roomFor, textOf } from '../../../src/waf/transformations/byte-room.ts'
import { findTransformation } from '../../../src/waf/transformations/index.ts'

t.test('text of any length comes back byte by byte', async (t) => {
  for (const length of [0, 1, 2, 3, 4, 5, 11, 12, 13, 255, 4096, 4097, 100_000]) {
    const bytes = roomFor(length)
    for (let i = 0; i < length; i++) bytes[i] = (i * 7) & 0xff
    const expected = Array.from({ length }, (_, i) => String.fromCharCode((i * 7) & 0xff)).join('')
    t.ok(textOf(bytes, length) === expected, `${length} bytes`)
  }
})

t.test('what was made before does not show in what is made after', async (t) => {
  const cases = [
    ['urlDecode', 'a%4', 'a%4'],
    ['urlDecode', '%41+%', 'A %'],
    ['urlDecodeUni', '+%u00', ' %u00'],
    ['urlDecodeUni', '+%u', ' %u'],
    ['base64Decode', 'QQ', 'A'],
    ['cmdLine', '"a', 'a'],
    ['cmdLine', ' /', '/'],
  ] as const
  for (const [name, value, expected] of cases) {
    const transform = findTransformation(name)?.transform
    for (const filler of ['%41'.repeat(1_300), '4'.repeat(5_000), '+/ ABCD'.repeat(500)]) {
      transform?.(filler)
      t.equal(transform?.(value), expected, `${name} of ${JSON.stringify(value)}`)
    }
  }
  t.equal(cases.length, 7)
})
