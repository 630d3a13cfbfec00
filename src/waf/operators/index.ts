import { beginsWith } from './begins-with.ts'
import { contains } from './contains.ts'
import { containsWord } from './contains-word.ts'
import { detectSQLi } from './detect-sqli.ts'
import { detectXSS } from './detect-xss.ts'
import { endsWith } from './ends-with.ts'
import { eq } from './eq.ts'
import { ge } from './ge.ts'
import { geoLookup } from './geo-lookup.ts'
import { gt } from './gt.ts'
import { ipMatch } from './ip-match.ts'
import { ipMatchFromDataset } from './ip-match-from-dataset.ts'
import { ipMatchFromFile } from './ip-match-from-file.ts'
import { le } from './le.ts'
import { lt } from './lt.ts'
import { noMatch } from './no-match.ts'
import type { OperatorWord } from './operator.ts'
import { pm } from './pm.ts'
import { pmFromDataset } from './pm-from-dataset.ts'
import { pmFromFile } from './pm-from-file.ts'
import { rbl } from './rbl.ts'
import { restpath } from './restpath.ts'
import { rx } from './rx.ts'
import { rxGlobal } from './rx-global.ts'
import { streq } from './streq.ts'
import { strmatch } from './strmatch.ts'
import { unconditionalMatch } from './unconditional-match.ts'
import { validateByteRange } from './validate-byte-range.ts'
import { validateNid } from './validate-nid.ts'
import { validateUrlEncoding } from './validate-url-encoding.ts'
import { validateUtf8Encoding } from './validate-utf8-encoding.ts'
import { verifyCC } from './verify-cc.ts'
import { verifyCPF } from './verify-cpf.ts'
import { verifySSN } from './verify-ssn.ts'
import { verifySVNR } from './verify-svnr.ts'
import { within } from './within.ts'

/** Every operator that acme-edge knows. */
export const operators = [
  beginsWith,
  contains,
  containsWord,
  detectSQLi,
  detectXSS,
  endsWith,
  eq,
  ge,
  geoLookup,
  gt,
  ipMatch,
  ipMatchFromDataset,
  ipMatchFromFile,
  le,
  lt,
  noMatch,
  pm,
  pmFromDataset,
  pmFromFile,
  rbl,
  restpath,
  rx,
  rxGlobal,
  streq,
  strmatch,
  unconditionalMatch,
  validateByteRange,
  validateNid,
  validateUrlEncoding,
  validateUtf8Encoding,
  verifyCC,
  verifyCPF,
  verifySSN,
  verifySVNR,
  within,
] as const satisfies readonly OperatorWord[]

/** Short spellings that the reference manual allows. */
const aliases = { pmf: pmFromFile, ipMatchF: ipMatchFromFile } as const satisfies Record<string, OperatorWord>

const byName: ReadonlyMap<string, OperatorWord> = new Map([
  ...operators.map((word) => [word.name.toLowerCase(), word] as const),
  ...Object.entries(aliases).map(([name, word]) => [name.toLowerCase(), word] as const),
])

/** The operator of that name, without `@` and compared without case; `undefined` when there is none. */
export function findOperator(name: string): OperatorWord | undefined {
  return byName.get(name.toLowerCase())
}
