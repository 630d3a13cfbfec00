import type { StageInput, TestBody, TestHeader, TestMessage } from './test-case.ts'
import {
  noteProblem,
  type Place,
  readBoolean,
  readInteger,
  readList,
  readMap,
  readText,
  readTextMap,
} from './yaml-place.ts'

/** What an origin should answer, for origins that can be told: the schema has it, and go-ftw itself makes no use of it. */
const readWantedResponse = readMap({
  headers: readTextMap,
  status: readInteger,
  body: readText,
  encoded_body: readText,
  log_message: readText,
})

const readFields = readMap({
  dest_addr: readText,
  port: readInteger,
  protocol: readText,
  uri: readText,
  follow_redirect: readBoolean,
  version: readText,
  method: readText,
  headers: readTextMap,
  ordered_headers: readList(readHeader),
  data: readText,
  encoded_data: readBase64,
  save_cookie: readBoolean, // without effect in go-ftw, too: it never sends a cookie of its own
  stop_magic: readBoolean,
  autocomplete_headers: readBoolean,
  encoded_request: readBase64,
  response: readWantedResponse,
  virtual_host_mode: readBoolean,
})

type InputFields = NonNullable<ReturnType<typeof readFields>>

/** Reads `input`, with go-ftw's defaults for what it does not say. */
export function readInput(place: Place): StageInput | undefined {
  const fields = readFields(place)
  if (fields === undefined) return undefined
  const isEncoded = fields.encoded_request !== undefined && fields.encoded_request.length > 0
  if (isEncoded && fields.data) noteProblem(place, 'data and encoded_request exclude each other')
  const headers = readHeaders(fields)
  return {
    destination: {
      address: fields.dest_addr ?? 'localhost',
      port: fields.port ?? 80,
      protocol: fields.protocol ?? 'http',
    },
    message: readMessage(fields, headers),
    redirect: fields.follow_redirect ? 'follow' : 'none',
    markerHost: (fields.virtual_host_mode && hostOf(headers)) || 'localhost',
  }
}

function readMessage(fields: InputFields, headers: readonly TestHeader[]): TestMessage {
  const { encoded_request, autocomplete_headers, stop_magic } = fields
  if (encoded_request !== undefined && encoded_request.length > 0) return { kind: 'encoded', bytes: encoded_request }
  return {
    kind: 'parts',
    method: fields.method ?? 'GET',
    uri: fields.uri ?? '/',
    version: fields.version ?? 'HTTP/1.1',
    headers,
    body: readBody(fields),
    completion: (autocomplete_headers ?? !stop_magic) ? 'complete' : 'as-is',
  }
}

function readBody({ data, encoded_data }: InputFields): TestBody {
  if (data !== undefined) return { kind: 'template', text: data }
  return encoded_data === undefined ? { kind: 'none' } : { kind: 'bytes', bytes: encoded_data }
}

/** Those without an order of their own are sent sorted by name. */
function readHeaders({ headers, ordered_headers }: InputFields): readonly TestHeader[] {
  if (ordered_headers !== undefined) return ordered_headers
  const fields = [...(headers ?? [])].map(([name, value]) => ({ name, value }))
  return fields.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
}

function readHeader(place: Place): TestHeader | undefined {
  const { name = '', value = '' } = readMap({ name: readText, value: readText })(place) ?? {}
  return name === '' ? noteProblem(place, 'a header needs a name') : { name, value }
}

function readBase64(place: Place): Buffer | undefined {
  const text = readText(place)?.replace(/[\r\n]/g, '')
  if (text === undefined) return undefined
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : noteProblem(place, 'expected base64')
}

function hostOf(headers: readonly TestHeader[]): string | undefined {
  const hosts = headers.filter(({ name }) => name.toLowerCase() === 'host')
  return hosts.length === 1 ? hosts[0]?.value : undefined
}
