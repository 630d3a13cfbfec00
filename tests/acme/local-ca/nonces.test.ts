import t from 'tap'
import { createNonces } from '../../../src/acme/local-ca/nonces.ts'

t.test('a nonce is redeemed once', async (t) => {
  const nonces = createNonces()
  const nonce = nonces.issue()
  t.same([nonces.redeem(nonce), nonces.redeem(nonce), nonces.redeem('never')], [true, false, false])
})

t.test('who collects nonces pushes out the oldest', async (t) => {
  const nonces = createNonces(3)
  const issued = Array.from({ length: 5 }, () => nonces.issue())
  t.same(issued.map(nonces.redeem), [false, false, true, true, true])
})
