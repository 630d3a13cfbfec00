import { createSecureContext } from 'node:tls'
import t from 'tap'
import { SecureContexts } from '../../src/edge/secure-contexts.ts'
import type { CertificateOutline } from '../../src/store/certificate-outline.ts'

t.test('those asked for last are kept, and no more than allowed', async (t) => {
  const outline = (name: string): CertificateOutline => ({ name, names: [name], notAfterMs: 0, digest: name })
  const [one, two, three] = [outline('one.example'), outline('two.example'), outline('three.example')]
  const contexts = new SecureContexts(2)
  const first = createSecureContext()
  contexts.keep(one, first)
  contexts.keep(two, createSecureContext())
  t.equal(contexts.find(one), first, 'the same again')
  contexts.keep(three, createSecureContext())
  t.equal(contexts.size, 2, 'bounded')
  t.equal(contexts.find(one), first, 'it was used after the second')
  t.equal(contexts.find(two), undefined, 'the second was forgotten')
  contexts.forget(one)
  t.equal(contexts.size, 1)
})
