import t from 'tap'
import { byteSet } from '../../../src/waf/operators/byte-set.ts'
import {
  ALL_KINDS,
  ANYTHING,
  alphabetOf,
  alphabets,
  kindOf,
  kinds,
  kindsOfSet,
  TWIN_BLANKS,
  TWIN_MARKS,
} from '../../../src/waf/prefilter/byte-kinds.ts'

const bytes = Array.from({ length: 256 }, (_, byte) => byte)

t.test('every byte has one kind, and twins are none of them', async (t) => {
  for (const byte of bytes) {
    const kind = kindOf[byte] ?? 0
    t.ok(kind > 0 && (kind & (kind - 1)) === 0, `byte ${byte}`)
    t.equal(kind & (TWIN_BLANKS | TWIN_MARKS), 0)
  }
  t.ok(ANYTHING > 0, 'masks are no negative numbers')
  t.equal(ALL_KINDS | TWIN_BLANKS | TWIN_MARKS, ANYTHING)
})

t.test('the kinds of texts and sets are those of their bytes', async (t) => {
  t.equal(kinds(''), 0)
  t.equal(kinds('aZ'), kinds('a') | kinds('Z'))
  t.equal(kindsOfSet(byteSet([0, 255])), ALL_KINDS)
  t.equal(kindsOfSet(byteSet()), 0)
  for (const byte of bytes) t.equal(kindsOfSet(byteSet([byte, byte])), kinds(String.fromCharCode(byte)))
})

t.test('letters of both cases are in an alphabet, or none', async (t) => {
  for (const alphabet of alphabets) t.equal((alphabet & kinds('a')) !== 0, (alphabet & kinds('A')) !== 0)
  // What changes case alone stays in its alphabet.
  for (const alphabet of alphabets) t.not(alphabet & kinds('aA '), 0)
})

t.test('the alphabet of a mask is the narrowest that has all of it', async (t) => {
  for (let i = 0; i < alphabets.length - 1; i++) {
    t.equal((alphabets[i] ?? 0) & ~(alphabets[i + 1] ?? 0), 0, 'each holds the one before it')
  }
  t.equal(alphabets.at(-1), ALL_KINDS)
  t.equal(alphabetOf(0), 0)
  for (const byte of bytes) {
    const mask = (kindOf[byte] ?? 0) | kinds('a') | TWIN_MARKS
    const index = alphabetOf(mask)
    t.equal(mask & ALL_KINDS & ~(alphabets[index] ?? 0), 0)
    if (index > 0) t.not(mask & ALL_KINDS & ~(alphabets[index - 1] ?? 0), 0)
  }
})
