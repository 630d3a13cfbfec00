import { scalarVariable } from './scalar.ts'

/**
 * What rules that ask for a minimal version compare with: the build number of the ModSecurity whose language this is
 * (3.0.15).
 */
export const modsecBuild = scalarVariable('MODSEC_BUILD', 1, () => '030015100')
/** An expression that would take too long ends the request, not the expression: none is ever given up. */
export const mscPcreError = scalarVariable('MSC_PCRE_ERROR', 1, () => 0)
export const mscPcreLimitsExceeded = scalarVariable('MSC_PCRE_LIMITS_EXCEEDED', 1, () => 0)
