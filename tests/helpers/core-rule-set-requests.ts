import { reflect } from '../../src/cli/reflecting-origin.ts'
import { readTestFiles } from '../../src/cli/test-files.ts'
import type { BodySink, EdgeResponse } from '../../src/http.ts'
import { buildRequest } from '../../src/waf/regression/build-request.ts'
import { loadTests } from '../../src/waf/regression/load-tests.ts'
import { coreRuleSetTests } from './core-rule-set.ts'
import type { TestRequest, TestResponse } from './rule-engine.ts'

export interface CoreRuleSetExchange {
  readonly name: string
  readonly request: TestRequest
  readonly response: TestResponse
}

/** Every request of the Core Rule Set's tests, and what the origin that they are written for answers. */
export async function coreRuleSetExchanges(): Promise<readonly CoreRuleSetExchange[]> {
  const { tests } = loadTests(readTestFiles([coreRuleSetTests]))
  const exchanges: CoreRuleSetExchange[] = []
  for (const { id, stages } of tests) {
    for (const { input } of stages) {
      const built = buildRequest(input.message)
      if (built.kind !== 'request') continue
      const request = parseRequest(built.bytes)
      exchanges.push({ name: id, request, response: await responseTo(request) })
    }
  }
  return exchanges
}

/** Whatever a client may send: an engine that compares itself with itself need not be strict about it. */
function parseRequest(bytes: Buffer): TestRequest {
  const text = bytes.toString('latin1')
  const end = text.indexOf('\r\n\r\n')
  const [line = '', ...fields] = (end < 0 ? text : text.slice(0, end)).split('\r\n')
  const [method = '', ...rest] = line.split(' ')
  const protocol = rest.length > 1 ? (rest.pop() ?? '') : ''
  return {
    method,
    target: rest.join(' '),
    protocol,
    headers: fields.flatMap((field) => {
      const colon = field.indexOf(':')
      return [field.slice(0, Math.max(colon, 0)), field.slice(colon + 1).trim()]
    }),
    ...(end < 0 ? {} : { body: text.slice(end + 4) }),
  }
}

async function responseTo({ method, target = '', body = '' }: TestRequest): Promise<TestResponse> {
  if (method !== 'POST' || !target.startsWith('/reflect')) return {}
  try {
    const { status, headers, body: content } = reflect(Buffer.from(body, 'latin1'))
    return { status, headers, body: (await contentOf(content)).toString('latin1') }
  } catch {
    return { status: 502 }
  }
}

function contentOf(body: EdgeResponse['body']): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const sink: BodySink = { write: () => true, end: (last) => resolve(last ?? Buffer.alloc(0)), fail: reject }
    if (body.kind === 'stream') body.stream.pipe(sink)
    else resolve(Buffer.alloc(0))
  })
}
