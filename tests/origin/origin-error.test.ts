import t from 'tap'
import { EdgeError } from '../../src/errors.ts'
import { isStaleConnection, isUnreachable, originError } from '../../src/origin/origin-error.ts'

const withCode = (code: string) => Object.assign(new Error('internal text'), { code })

t.test('what went wrong at the origin decides the status', (t) => {
  const cases: Record<string, readonly [code: string, status: number]> = {
    UND_ERR_HEADERS_TIMEOUT: ['ACME_EDGE_ORIGIN_TIMEOUT', 504],
    UND_ERR_BODY_TIMEOUT: ['ACME_EDGE_ORIGIN_TIMEOUT', 504],
    UND_ERR_CONNECT_TIMEOUT: ['ACME_EDGE_ORIGIN_TIMEOUT', 504],
    ECONNREFUSED: ['ACME_EDGE_ORIGIN_UNREACHABLE', 502],
    ENOTFOUND: ['ACME_EDGE_ORIGIN_UNREACHABLE', 502],
    CERT_HAS_EXPIRED: ['ACME_EDGE_ORIGIN_UNREACHABLE', 502],
    SELF_SIGNED_CERT_IN_CHAIN: ['ACME_EDGE_ORIGIN_UNREACHABLE', 502],
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['ACME_EDGE_ORIGIN_UNREACHABLE', 502],
    ERR_TLS_CERT_ALTNAME_INVALID: ['ACME_EDGE_ORIGIN_UNREACHABLE', 502],
    UND_ERR_SOCKET: ['ACME_EDGE_ORIGIN_FAILED', 502],
    HPE_INVALID_CONSTANT: ['ACME_EDGE_ORIGIN_FAILED', 502],
    '': ['ACME_EDGE_ORIGIN_FAILED', 502],
  }
  for (const [code, [expected, status]] of Object.entries(cases)) {
    t.match(originError(withCode(code)), { code: expected, status, cause: { code } }, code)
  }
  t.equal(Object.keys(cases).length, 12)
  t.end()
})

t.test('an error of the edge stays what it is', (t) => {
  const gone = new EdgeError('ACME_EDGE_CLIENT_GONE', 'gone')
  t.equal(originError(gone), gone)
  t.end()
})

t.test('another origin is tried only where nothing can have arrived', (t) => {
  for (const code of ['ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT', 'DEPTH_ZERO_SELF_SIGNED_CERT'])
    t.ok(isUnreachable(withCode(code)), code)
  for (const code of ['ECONNRESET', 'UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT', ''])
    t.notOk(isUnreachable(withCode(code)), code)
  t.ok(isStaleConnection(withCode('UND_ERR_SOCKET')))
  t.notOk(isStaleConnection(withCode('ECONNREFUSED')))
  t.end()
})
