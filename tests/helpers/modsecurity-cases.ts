import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestRequest, TestResponse } from './rule-engine.ts'

/** A whole-engine case: rules, one exchange and what must come of it. */
export interface EngineCase {
  /** File without its ending, and position in it. */
  readonly name: string
  readonly rules: string
  readonly request: TestRequest
  readonly response: TestResponse
  readonly expected: {
    readonly isRefusedAtLoad: boolean
    readonly status: number | undefined
    readonly errorLog: string | undefined
    readonly debugLog: string | undefined
  }
}

const folder = join(import.meta.dirname, '../../../shared/waf-cases/modsecurity')

/** All cases; `undefined` where the shared folder is absent, so that a test can skip by name. */
export function findEngineCases(): EngineCase[] | undefined {
  if (!existsSync(folder)) return undefined
  return readdirSync(folder)
    .sort()
    .flatMap((file) => readCases(file))
}

type Json = Readonly<Record<string, unknown>>

function readCases(file: string): EngineCase[] {
  const cases: unknown = JSON.parse(readFileSync(join(folder, file), 'latin1'))
  if (!Array.isArray(cases)) throw new Error(`${file}: not a list`)
  return cases.map((entry: Json, index) => readCase(`${file.replace('.json', '')}[${index}]`, entry))
}

function readCase(name: string, entry: Json): EngineCase {
  const request = objectOf(entry.request)
  const response = objectOf(entry.response)
  const expected = objectOf(entry.expected)
  const server = objectOf(entry.server)
  const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
  return {
    name,
    rules: `${(entry.rules as string[]).join('\n')}\n`, // every case has a list of lines
    request: {
      method: String(request.method ?? 'GET'),
      target: String(request.uri ?? '/'),
      // As that suite's own runner has it, where a case says nothing.
      protocol: `HTTP/${request.http_version ?? ''}`,
      headers: headersOf(request.headers),
      body: bodyOf(request.body),
      client: String(objectOf(entry.client).ip ?? '192.0.2.1'),
      id: '1700000000.123',
      server: { address: String(server.ip ?? '198.51.100.1'), port: Number(server.port ?? 80) },
    },
    response: { headers: headersOf(response.headers), body: bodyOf(response.body) },
    expected: {
      isRefusedAtLoad: expected.parser_error !== undefined,
      status: typeof expected.http_code === 'number' ? expected.http_code : undefined,
      errorLog: text(expected.error_log),
      debugLog: text(expected.debug_log),
    },
  }
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {} // read member by member
}

function headersOf(value: unknown): string[] {
  return Object.entries(objectOf(value)).flatMap(([name, text]) => [name, String(text)])
}

/** A list stands for lines, each with its line feed. */
function bodyOf(value: unknown): string {
  return Array.isArray(value) ? value.map((line) => `${line}\n`).join('') : String(value ?? '')
}
