import t from 'tap'
import { findProblem, parseProblem, problemError, refusal } from '../../src/acme/problem.ts'
import { EdgeError } from '../../src/errors.ts'

const acme = 'urn:ietf:params:acme:error:'

t.test('an error names type, detail, subproblems with their hosts, and what to do', async (t) => {
  const data = {
    type: `${acme}rejectedIdentifier`,
    detail: 'some identifiers are refused',
    subproblems: [
      { type: `${acme}caa`, detail: 'CAA forbids', identifier: { type: 'dns', value: 'a.example' } },
      { type: `${acme}dns`, detail: 'no such name', identifier: { type: 'dns', value: 'b.example' } },
    ],
  }
  const error = refusal({ status: 403, headers: {}, data }, { doing: 'the order' })
  t.match(error.message, /the order: some identifiers are refused \(rejectedIdentifier\)/)
  t.match(error.message, /a\.example: CAA forbids \(caa\); b\.example: no such name \(dns\)/)
  t.match(error, { code: 'ACME_EDGE_ACME_REFUSED', side: 'ca' })
  t.match(findProblem(error), {
    type: 'rejectedIdentifier',
    status: 403,
    subproblems: [{ identifier: 'a.example' }, { identifier: 'b.example' }],
  })
})

t.test('each type that a person can act on says how', async (t) => {
  const expected: Record<string, RegExp> = {
    connection: /open port 80 of h\.example/,
    dns: /cannot resolve h\.example/,
    caa: /CAA records of h\.example/,
    unauthorized: /another server answers for h\.example/,
    incorrectResponse: /another server answers/,
    tls: /redirect of h\.example/,
    rateLimited: /wait before you try again/,
    serverInternal: /fault of the CA/,
    externalAccountRequired: /acme\.eab/,
    userActionRequired: /terms/,
    invalidContact: /acme\.contact/,
    rejectedIdentifier: /does not issue/,
  }
  for (const [type, message] of Object.entries(expected)) {
    const problem = parseProblem({ type: acme + type, detail: 'd' }, 403)
    t.match(problemError(problem, { doing: 'to validate h.example', host: 'h.example' }).message, message, type)
  }
  t.equal(Object.keys(expected).length, 12)
})

t.test('what a diagnosis looks into names the command, for a host that was validated', async (t) => {
  const message = (type: string, host?: string) =>
    problemError(parseProblem({ type: acme + type }, 403), { doing: 'it', ...(host ? { host } : {}) }).message
  t.match(message('connection', 'h.example'), /\(acme-edge issue h\.example --diagnose looks closer\)$/)
  t.notMatch(message('caa'), /--diagnose/)
  t.notMatch(message('rejectedIdentifier', 'h.example'), /--diagnose/)
})

t.test('a rate limit says when it ends, in seconds or as a date', async (t) => {
  const data = { type: `${acme}rateLimited`, detail: 'slow down' }
  for (const value of ['120', new Date(Date.now() + 120_000).toUTCString()]) {
    const error = refusal({ status: 429, headers: { 'retry-after': value }, data }, { doing: 'the order' })
    t.equal(error.code, 'ACME_EDGE_ACME_RATE_LIMITED')
    t.ok(Math.abs(Date.parse(String(error.details.retryAt)) - Date.now() - 120_000) < 2_000, value)
  }
  const bare = refusal({ status: 429, headers: { 'retry-after': 'soon' }, data: 'busy' }, { doing: 'the order' })
  t.equal(bare.code, 'ACME_EDGE_ACME_RATE_LIMITED')
  t.equal(bare.details.retryAt, undefined)
})

t.test('no problem document at all: the status is what is said', async (t) => {
  for (const data of ['<html>bad gateway', undefined, null, 7, [], {}]) {
    const error = refusal({ status: 502, headers: {}, data }, { doing: 'the order' })
    t.match(error.message, /HTTP status 502.*fault of the CA/)
  }
})

t.test("a server's text cannot steer the terminal or fill the screen", async (t) => {
  const detail = `\u001b[2Jevil\r\nacme-edge: all is well\u009b1m${'x'.repeat(10_000)}`
  const { message } = refusal({ status: 400, headers: {}, data: { type: 'x\ny', detail } }, { doing: 'the order' })
  t.notMatch(message, /[\u0000-\u001f\u007f-\u009f]/)
  t.ok(message.length < 1_000)
})

t.test('an error of another kind holds no problem', async (t) => {
  t.equal(findProblem(new Error('x')), undefined)
  t.equal(findProblem(new EdgeError('ACME_EDGE_ACME_UNREACHABLE', 'x')), undefined)
})
