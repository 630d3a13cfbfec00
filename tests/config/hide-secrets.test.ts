import t from 'tap'
import { parseConfig } from '../../src/config/parse.ts'
import { EdgeError } from '../../src/errors.ts'

const secret = 'U0VDUkVULVNFQ1JFVC1TRUNSRVQ'
/** Configs with something wrong in the very line of a secret: the line is shown, the secret is not. */
const shown: readonly (readonly [name: string, acme: string])[] = [
  ['flow', `eab: {kid: 7, hmac_key: ${secret}}`],
  ['flow, in quotes', `eab: {hmac_key: "${secret}", kid: 7}`],
  ['single quotes', `eab: {hmac_key: '${secret}', kid: 7}`],
  ['JSON', `"eab": {"kid": 7, "hmac_key": "${secret}"}`],
  ['a misspelt key', `eab: {kid: a, hmac_kye: ${secret}}`],
  ['another misspelt key', `eab: {kid: a, hmackey: ${secret}}`],
  ['too short a key, in words', `eab: {kid: a, hmac_key: ${secret} ${secret}}`],
  ['an escape', `eab: {kid: a, hmac_key: "\\"${secret}"}`],
  ['a tag', `eab: {kid: a, hmac_key: !!str ${secret}x!}`],
  ['a quote that is not closed', `eab: {kid: a, hmac_key: "${secret}}`],
  ['the next line', `eab:\n    kid: a\n    hmac_key:\n      ${secret} x`],
  ['a block', `eab:\n    kid: a\n    hmac_key: |\n      ${secret} x`],
  ['not YAML any more', `eab: {kid: a, hmac_key: ${secret}, [`],
]

for (const [name, acme] of shown) {
  t.test(`no secret is shown: ${name}`, async (t) => {
    const text = `listen: {http: ["127.0.0.1:0"]}\nacme:\n  directory: "https://ca.example/dir"\n  ${acme}\n`
    try {
      parseConfig(text, '/edge.yaml')
      t.fail('the config is not right')
    } catch (error) {
      if (!(error instanceof EdgeError)) throw error
      t.ok(error.problems.length > 0)
      t.notMatch(JSON.stringify([error.problems, error.message, error.details]), /U0VDUkVU/)
      for (const { location, sourceLine } of error.problems)
        t.equal(sourceLine.length, text.split('\n')[location.line - 1]?.length, 'carets stay where they are')
    }
  })
}
t.equal(shown.length, 13)

t.test('what is no secret is shown as it is', async (t) => {
  const text = 'acme: {eab: {hmac_key_file: eab.key, kid: 7}}'
  try {
    parseConfig(text, '/edge.yaml')
    t.fail('the config is not right')
  } catch (error) {
    if (!(error instanceof EdgeError)) throw error
    t.ok(error.problems.length > 0)
    for (const { sourceLine } of error.problems) t.equal(sourceLine, text)
  }
})
