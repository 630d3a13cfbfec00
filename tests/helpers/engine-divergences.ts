import type { EngineCase } from './modsecurity-cases.ts'
import type { Outcome } from './rule-engine.ts'

/** Where acme-edge does something else than ModSecurity 3 on purpose, and which cases fail because of that. */
interface Divergence {
  readonly reason: string
  explains(engineCase: EngineCase, outcome: Outcome): boolean
}

/** Why a case fails; `undefined`: for no reason that is known. */
export function findDivergence(engineCase: EngineCase, outcome: Outcome): string | undefined {
  return divergences.find((divergence) => divergence.explains(engineCase, outcome))?.reason
}

const divergences: readonly Divergence[] = [
  {
    reason: 'a document type is an error',
    explains: ({ request }) => /<!DOCTYPE/.test(request.body ?? ''),
  },
  {
    reason: 'a body that cannot be parsed is refused where no rule looks at REQBODY_ERROR',
    explains: (_, { verdict }) => verdict.kind === 'block' && verdict.ruleId === 0 && verdict.status === 400,
  },
  {
    reason: 'beyond a limit the answer is 413',
    explains: (_, { verdict }) => verdict.kind === 'block' && verdict.ruleId === 0 && verdict.status === 413,
  },
  {
    reason: 'a body that no parser reads, or whose type is not inspected, streams without limit',
    explains: ({ rules, request, response }, { verdict }) =>
      (/SecRequestBodyLimit/.test(rules) && !/urlencoded|multipart/.test(header(request.headers, 'content-type'))) ||
      (/SecResponseBodyLimit/.test(rules) && verdict.kind === 'pass' && response.body !== ''),
  },
  {
    reason: 'drop closes the connection; it does not answer 403',
    explains: (_, { verdict }) => verdict.kind === 'drop',
  },
  {
    reason: '306 is not the status of a redirect',
    explains: ({ rules }) => /status:306/.test(rules),
  },
  {
    reason: 'the environment of the process is not shown',
    explains: ({ rules }) => /\bENV\b/.test(rules) && !/setenv/i.test(rules),
  },
  {
    reason: 'a fragment in the target is inspected, not cut off',
    explains: ({ request }) => request.target?.includes('#') === true,
  },
  {
    reason: 'a collection that no initcol has opened takes nothing in',
    explains: ({ rules }) =>
      /setvar:'?(?:ip|global|session|user|resource)\./i.test(rules) && !/initcol|setsid|setuid|setrsc/i.test(rules),
  },
  {
    reason: 'REQUEST_BODY is empty for multipart, and ref points at the first byte of a body',
    explains: ({ rules, request }) =>
      /REQUEST_BODY/.test(rules) && /multipart/.test(header(request.headers, 'content-type')),
  },
  {
    reason: 'two file names of one part are an error',
    explains: ({ request }) => /filename\*/.test(request.body ?? ''),
  },
  ...[
    ['config-body_limits[14]', 'header lines of parts do not count as fields'],
    ['config-update-action-by-id[3]', 'a rule without disruptive action inherits the one of SecDefaultAction'],
    ['config-update-target-by-id[3]', '!ARGS leaves ARGS_NAMES alone'],
    ['request-body-parser-multipart[17]', 'single quotes do not quote a name'],
    ['variable-ARGS_POST_NAMES[3]', 'ref points at the name of a field, not behind it'],
    ['variable-MULTIPART_STRICT_ERROR[5]', 'a boundary with blanks in it is an error'],
    ['variable-TX[4]', 'of a group inside a repetition only what its last turn captured is kept'],
  ].map(([name, reason = '']) => ({ reason, explains: (engineCase: EngineCase) => engineCase.name === name })),
]

function header(headers: readonly string[] = [], lowerName: string): string {
  return headers[headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === lowerName) + 1] ?? ''
}
