import type { ActionWord } from './action.ts'
import { deprecatevar, expirevar, initcol, setrsc, setsid, setuid } from './collections.ts'
import { ctl } from './ctl.ts'
import { allow, block, deny, drop, pass, redirect, status } from './disruptive.ts'
import { auditlog, log, noauditlog, nolog } from './logging.ts'
import { capture, chain, multiMatch, skip, skipAfter, t } from './matching.ts'
import { accuracy, id, logdata, maturity, msg, phase, rev, severity, tag, ver } from './metadata.ts'
import {
  sanitiseArg,
  sanitiseMatched,
  sanitiseMatchedBytes,
  sanitiseRequestHeader,
  sanitiseResponseHeader,
} from './sanitise.ts'
import { setenv } from './setenv.ts'
import { setvar } from './setvar.ts'
import { xmlns } from './xmlns.ts'

/** Every action that rules may name; any other is refused at load. */
export const actionWords = [
  accuracy,
  allow,
  auditlog,
  block,
  capture,
  chain,
  ctl,
  deny,
  deprecatevar,
  drop,
  expirevar,
  id,
  initcol,
  log,
  logdata,
  maturity,
  msg,
  multiMatch,
  noauditlog,
  nolog,
  pass,
  phase,
  redirect,
  rev,
  sanitiseArg,
  sanitiseMatched,
  sanitiseMatchedBytes,
  sanitiseRequestHeader,
  sanitiseResponseHeader,
  setenv,
  setrsc,
  setsid,
  setuid,
  setvar,
  severity,
  skip,
  skipAfter,
  status,
  t,
  tag,
  ver,
  xmlns,
] as const satisfies readonly ActionWord[]

const byName: ReadonlyMap<string, ActionWord> = new Map(actionWords.map((word) => [word.name.toLowerCase(), word]))

/** Names compare without case; `sanitize…` is the same as `sanitise…`. */
export function findAction(name: string): ActionWord | undefined {
  return byName.get(name.toLowerCase().replace(/^sanitize/, 'sanitise'))
}
