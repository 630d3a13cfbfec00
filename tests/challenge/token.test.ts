import t from 'tap'
import { challengePrefix, isToken, tokenOfTarget } from '../../src/challenge/token.ts'

const token = 'abcdefghijklmnopqrstuv'

t.test('a token is 22 to 128 characters of base64url', (t) => {
  for (const good of [token, 'A'.repeat(128), '-_0123456789-_0123456789']) t.ok(isToken(good), good)
  const bad = ['', token.slice(1), 'A'.repeat(129), `${token}=`, `${token}\n`, `${token}.`, `${token} `, `é${token}`]
  for (const text of bad) t.notOk(isToken(text), JSON.stringify(text))
  t.end()
})

t.test('only the exact target names a token', (t) => {
  t.equal(tokenOfTarget(`${challengePrefix}${token}`), token)
  const others = [
    `${challengePrefix}${token}/`,
    `${challengePrefix}${token}/ae`,
    `${challengePrefix}${token}/..;/actuator/env`,
    `${challengePrefix}${token}?x=1`,
    `${challengePrefix}${token}?`,
    `${challengePrefix}${token};x=1`,
    `${challengePrefix}${token}%00`,
    `${challengePrefix}/${token}`,
    `/${challengePrefix}${token}`,
    `/.well-known//acme-challenge/${token}`,
    `/.Well-Known/acme-challenge/${token}`,
    `/.well-known/acme-challenge%2f${token}`,
    `/.well%2dknown/acme-challenge/${token}`,
    `/x/../.well-known/acme-challenge/${token}`,
    challengePrefix,
  ]
  for (const target of others) t.equal(tokenOfTarget(target), undefined, target)
  t.equal(others.length, 15)
  t.end()
})
