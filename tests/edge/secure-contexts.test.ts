import t from 'tap'
import { SecureContexts } from '../../src/edge/secure-contexts.ts'
import { loadCertificate } from '../../src/store/certificates.ts'
import { writeCertificate } from '../helpers/certificate.ts'

t.test('a context is made once, and those asked for last are kept', async (t) => {
  const folder = t.testdir({})
  const load = async (name: string) => {
    await writeCertificate(folder, [name])
    const found = await loadCertificate(folder, name)
    if (found === undefined) throw new Error(`${name} was not written`)
    return found
  }
  const [one, two, three] = [await load('one.example'), await load('two.example'), await load('three.example')]
  const contexts = new SecureContexts(2)
  const first = contexts.of(one)
  const second = contexts.of(two)
  t.equal(contexts.of(one), first, 'the same again')
  contexts.of(three)
  t.equal(contexts.size, 2, 'bounded')
  t.equal(contexts.of(one), first, 'it was used after the second')
  t.not(contexts.of(two), second, 'the second was forgotten')
  contexts.forget(two)
  t.equal(contexts.size, 1)
})
