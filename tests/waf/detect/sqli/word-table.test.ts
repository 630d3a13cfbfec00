import t from 'tap'
import { functionNames } from '../../../../src/waf/detect/sqli/functions.ts'
import { findWord, hashLetter, type Word } from '../../../../src/waf/detect/sqli/word-table.ts'
import { phraseTypes, wordTypes } from '../../../../src/waf/detect/sqli/words.ts'

function find(text: string, before = '', behind = ''): Word | undefined {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = hashLetter(hash, text.charCodeAt(i))
  return findWord(before + text + behind, before.length, before.length + text.length, hash)
}

const words = [...new Set([...wordTypes.keys(), ...functionNames, ...[...phraseTypes.keys()].join(' ').split(' ')])]

t.test('every word is found in any case, wherever it stands', async (t) => {
  for (const text of words) {
    const found = find(text)
    t.ok(found?.text === text && find(text.toUpperCase(), '(', '.x') === found, text)
    t.equal(found?.type, wordTypes.get(text))
    t.equal(found?.isFunction, functionNames.has(text))
  }
  t.ok(words.length > 600, `${words.length} words`)
})

t.test('no other word is', async (t) => {
  for (const text of words) {
    for (const other of [`${text}_`, `_${text}`, text.slice(1), `${text.slice(0, -1)}\xe9`, text.replace(/./, '$')]) {
      if (!words.includes(other) && find(other) !== undefined) t.fail(JSON.stringify(other))
    }
  }
  for (const text of ['', 'x', 'a'.repeat(70), '\xe9']) t.equal(find(text), undefined, text)
})
