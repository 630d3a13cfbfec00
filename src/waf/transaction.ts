import { findHeader, type MaybePromise, PASS, type Verdict } from '../http.ts'
import { buildAuditRecord } from './audit-record.ts'
import { parseJson } from './bodies/json.ts'
import { parseXml } from './bodies/xml.ts'
import { formatIncident, formatMatch } from './error-log.ts'
import { runPhase } from './evaluate.ts'
import { refuseBody } from './refuse-body.ts'
import type { ResponseState, TransactionState } from './transaction-state.ts'
import type { BodyPlan, LoggedMatch, ResponseHead, Transaction } from './transaction-types.ts'

const STREAM: BodyPlan = Object.freeze({ kind: 'stream' })
/** SecLang has no directive for it. libxml2, too, goes no deeper by default. */
const XML_DEPTH = 256
const LONG_BODY = 262_144
const NO_MATCHES: readonly never[] = Object.freeze([])

/** What `waf.mode: off` gives: nothing is looked at. */
export const idleTransaction: Transaction = Object.freeze({
  mayBlock: false,
  matchedRuleIds: NO_MATCHES,
  logged: NO_MATCHES,
  requestHeaders: () => PASS,
  requestBodyPlan: () => STREAM,
  requestBody: () => PASS,
  responseHeaders: () => PASS,
  responseBodyPlan: () => STREAM,
  responseBody: () => PASS,
  finish: () => {},
  auditRecord: () => undefined,
})

/** One request and its response going through the phases of a program. */
export class RuleTransaction implements Transaction {
  readonly #state: TransactionState
  #reported = 0
  #reportedIncidents = 0
  readonly #logged: LoggedMatch[] = []

  constructor(state: TransactionState) {
    this.#state = state
  }

  get mayBlock(): boolean {
    const { engine, program, interruption } = this.#state
    if (program.ceiling !== 'on' || interruption !== undefined) return false
    return engine === 'on' || program.mayRaiseEngine
  }

  requestHeaders(): MaybePromise<Verdict> {
    return runPhase(this.#state, 1)
  }

  requestBodyPlan(): BodyPlan {
    const { engine, settings, requestBody, allow } = this.#state
    const isWanted = requestBody.processor !== '' || requestBody.forced
    // `allow:phase` of phase 1 ends with it: phase 2 needs the body.
    const isAllowed = allow === 'request' || allow === 'all'
    if (engine === 'off' || !settings.requestBodyAccess || !isWanted || isAllowed) return STREAM
    const limitBytes = this.#requestLimitBytes()
    return { kind: 'buffer', limitBytes, beyond: this.mayBlock ? settings.requestBodyBeyond : 'partial' }
  }

  requestBody(body: Buffer | undefined): MaybePromise<Verdict> {
    if (body !== undefined && body.length > 0) this.#acceptRequestBody(body)
    const isLong = body !== undefined && body.length > LONG_BODY
    const verdict = isLong ? this.#runLater(2) : runPhase(this.#state, 2)
    return verdict instanceof Promise ? verdict.then((last) => this.#refuse(last)) : this.#refuse(verdict)
  }

  /** Taking a long body apart was enough for one turn of the event loop. */
  async #runLater(phase: number): Promise<Verdict> {
    await new Promise((resolve) => setImmediate(resolve))
    return runPhase(this.#state, phase)
  }

  responseHeaders(head: ResponseHead): MaybePromise<Verdict> {
    this.#state.response = { head, body: undefined, truncated: false }
    return runPhase(this.#state, 3)
  }

  responseBodyPlan(): BodyPlan {
    const { engine, settings, response, responseForced, allow } = this.#state
    const type =
      findHeader(response?.head.headers ?? [], 'content-type')
        ?.split(';', 1)[0]
        ?.trim()
        .toLowerCase() ?? ''
    const isInspected = responseForced || settings.responseMimeTypes.includes(type || '(null)')
    const isWanted = settings.responseBodyAccess && isInspected
    if (engine === 'off' || !isWanted || allow === 'all') return STREAM
    const beyond = this.mayBlock ? settings.responseBodyBeyond : 'partial'
    return { kind: 'buffer', limitBytes: settings.responseBodyLimitBytes, beyond }
  }

  responseBody(body: Buffer | undefined): MaybePromise<Verdict> {
    const { response, settings } = this.#state
    if (response !== undefined && body !== undefined) {
      const bounds = { limitBytes: settings.responseBodyLimitBytes, beyond: settings.responseBodyBeyond }
      response.body = body.toString('latin1', 0, bounds.limitBytes)
      response.truncated = isTruncated(body, bounds)
      this.#parseResponse(response)
    }
    return runPhase(this.#state, 4)
  }

  finish(): MaybePromise<void> {
    const verdict = runPhase(this.#state, 5)
    if (verdict instanceof Promise) return verdict.then(() => {})
  }

  get matchedRuleIds(): readonly number[] {
    return this.#state.matches
      .filter(({ rule }) => rule.log || rule.disruptive.kind !== 'pass')
      .map(({ rule }) => rule.id)
  }

  get logged(): readonly LoggedMatch[] {
    this.#report()
    return this.#logged
  }

  auditRecord(): object | undefined {
    return buildAuditRecord(this.#state)
  }

  #acceptRequestBody(body: Buffer): void {
    const { requestBody, settings, request, program } = this.#state
    const { argumentCount, jsonDepth, fileCount } = settings
    const limitBytes = this.#requestLimitBytes()
    requestBody.truncated = isTruncated(body, { limitBytes, beyond: settings.requestBodyBeyond })
    requestBody.accept(body.toString('latin1', 0, limitBytes), {
      contentType: request.headerValues('content-type')[0] ?? '',
      separator: settings.argumentSeparator,
      xml: { intoArguments: settings.xmlIntoArguments, asDocument: program.usesXpath },
      // Those of the query string count, too.
      limits: {
        xmlDepth: XML_DEPTH,
        argumentCount: Math.max(0, argumentCount - request.arguments.length),
        jsonDepth,
        fileCount,
      },
    })
  }

  #parseResponse(response: ResponseState): void {
    const { responseProcessor, settings, program } = this.#state
    if (responseProcessor === '') return
    const { argumentCount, jsonDepth, fileCount } = settings
    const limits = { xmlDepth: XML_DEPTH, argumentCount, jsonDepth, fileCount }
    const body = response.body ?? ''
    const options = { intoArguments: 'no', asDocument: program.usesXpath } as const
    response.parsed = responseProcessor === 'JSON' ? parseJson(body, limits) : parseXml(body, limits, options)
  }

  #requestLimitBytes(): number {
    const { requestBody, settings } = this.#state
    const { requestBodyLimitBytes, requestBodyNoFilesLimitBytes } = settings
    if (requestBody.processor === 'MULTIPART') return requestBodyLimitBytes
    return Math.min(requestBodyLimitBytes, requestBodyNoFilesLimitBytes)
  }

  /** The rules have the first word on a body that the engine would refuse. */
  #refuse(verdict: Verdict): Verdict {
    return verdict.kind === 'pass' ? (refuseBody(this.#state) ?? verdict) : verdict
  }

  /** Turns matches that have come since the last time into lines. */
  #report(): void {
    const { matches, incidents } = this.#state
    for (const match of matches.slice(this.#reported)) {
      if (!match.rule.log) continue
      this.#logged.push({ ruleId: match.rule.id, phase: match.rule.phase, line: formatMatch(match, this.#state) })
    }
    for (const incident of incidents.slice(this.#reportedIncidents)) {
      const line = formatIncident(incident, this.#state)
      this.#logged.push({ ruleId: incident.ruleId ?? 0, phase: this.#state.phase, line })
    }
    this.#reported = matches.length
    this.#reportedIncidents = incidents.length
  }
}

/** Where the beginning of a longer body is enough, one that fills the limit has been cut. */
function isTruncated({ length }: Buffer, bounds: { limitBytes: number; beyond: 'reject' | 'partial' }): boolean {
  return length > bounds.limitBytes || (length === bounds.limitBytes && bounds.beyond === 'partial')
}
