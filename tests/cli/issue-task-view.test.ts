import t from 'tap'
import { createTaskView } from '../../src/cli/issue-task-view.ts'
import { EdgeError } from '../../src/errors.ts'
import type { HostName } from '../../src/http.ts'

const certificate = {
  name: 'a.example',
  names: ['a.example'],
  fullChainPem: '',
  privateKeyPem: '',
  serial: '01',
  notBeforeMs: 0,
  notAfterMs: 1,
}

t.test('the view ends when the issuance does, whether or not every step was seen', async (t) => {
  const view = createTaskView(['a.example', 'b.example'])
  const issued = Promise.withResolvers<typeof certificate>()
  const ended = view.end(issued.promise)
  view.onProgress({ kind: 'account', state: 'reused', url: 'https://ca.example/account/1' })
  view.onProgress({ kind: 'authorization', host: 'a.example' as HostName, state: 'valid' }) // a canonical name
  issued.resolve(certificate)
  await t.resolves(ended)
})

t.test('a failure ends the view with the very same error', async (t) => {
  const view = createTaskView(['a.example'])
  const failure = new EdgeError('ACME_EDGE_ACME_REFUSED', 'no')
  await t.rejects(view.end(Promise.reject(failure)), failure)
})
