import { EdgeError, type ErrorCode } from '../errors.ts'

/** Failures that the person at the command line has to mend in what they wrote: exit code 2. */
const usageCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ACME_EDGE_USAGE',
  'ACME_EDGE_CONFIG_INVALID',
  'ACME_EDGE_CONFIG_UNREADABLE',
  'ACME_EDGE_RULES_INVALID',
  'ACME_EDGE_RULES_UNREADABLE',
  'ACME_EDGE_WAF_TESTS_INVALID',
  'ACME_EDGE_WAF_TESTS_UNREADABLE',
  'ACME_EDGE_STORE_UNSUPPORTED',
  'ACME_EDGE_ACME_CSR_INVALID',
  'ACME_EDGE_ACME_NAME_INVALID',
  'ACME_EDGE_ACME_NOT_CONFIGURED',
  'ACME_EDGE_ACME_ROOT_CA_UNREADABLE',
  'ACME_EDGE_CERTIFICATE_UNREADABLE',
  'ACME_EDGE_CERTIFICATE_UNFIT',
  'ACME_EDGE_ACME_EAB_INVALID',
  'ACME_EDGE_ACME_EAB_REQUIRED',
  'ACME_EDGE_LOCALCA_ROOTKEY',
])

/** 2: bad usage, config or rules; 1: anything else that failed. */
export function exitCodeOf(error: unknown): 1 | 2 {
  return error instanceof EdgeError && usageCodes.has(error.code) ? 2 : 1
}
