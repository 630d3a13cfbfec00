import type { Store } from '../../store/contract.ts'
import { fractionOf, seedOf } from '../renewal/spread.ts'
import { changeRecords, pruneRecords, type Records, readRecords, recordOf } from './budget-records.ts'
import { type CaLimits, describeLimit } from './ca-limits.ts'
import { limitOfRefusal } from './limit-of-refusal.ts'
import {
  type Bucket,
  type BudgetedOrder,
  isGivenBack,
  isShared,
  isTakenByOrder,
  limitedPlaces,
  orderPlaces,
  type Place,
  paceBuckets,
} from './order-buckets.ts'
import { emptyUntil, freeAtMs, giveBack, take } from './token-bucket.ts'
import { placeInLine } from './waiting-line.ts'

export type BudgetAnswer = { readonly allowed: true } | BudgetDelay

export interface BudgetDelay {
  readonly allowed: false
  /** When it is worth asking again; an order before would be refused, and count. */
  readonly atMs: number
  /** The limit that ends last; `ca`: the CA said so itself. */
  readonly limit: Bucket['name'] | 'ca'
  /** Half a sentence for a person. */
  readonly why: string
}

/** What the CA counts. */
export type Counted = BudgetedOrder | 'new account'

/** How what was reserved ended. */
export type BudgetOutcome =
  | { readonly kind: 'done' }
  /** It came to nothing; the hosts whose validation failed, if it came that far. */
  | { readonly kind: 'failed'; readonly failedHosts: readonly string[] }
  /** 429: its text says what was too much, its Retry-After until when. */
  | {
      readonly kind: 'refused'
      readonly detail: string
      readonly retryAtMs: number | undefined
      /** The order goes on then, and stays counted. */
      readonly isOpen?: boolean
    }

export interface Budget {
  /** Whether it would be allowed now; counts nothing. */
  ask(counted: Counted): Promise<BudgetAnswer>
  /** The same, and counts it where it is allowed: of two replicas that want the last order, one gets it. */
  reserve(counted: Counted, signal: AbortSignal): Promise<BudgetAnswer>
  /** Tells how it ended. What the CA says overrides what was counted here. */
  noteOutcome(counted: Counted, outcome: BudgetOutcome, signal: AbortSignal): Promise<void>
  /** Forgets what no longer matters; once a day is enough. */
  prune(signal: AbortSignal): Promise<void>
}

export interface BudgetOptions {
  readonly store: Store
  /** Keys begin with it: `<folder>/account-….json`, `<folder>/domain-….json`; one folder a CA. */
  readonly folder: string
  readonly ca: CaLimits
  readonly now: () => number
}

/** Where a 429 does not say until when: polite, and short enough for an emergency. */
const refusedForMs = 3_600_000
/** No limit takes longer to refill; a Retry-After beyond is a fault, and would end certificates. */
const maxRefusedForMs = 7 * 24 * 3_600_000

/**
 * What a CA will count against us, kept in the store so that all replicas share it: an order that would be refused is delayed
 * with a stated time instead. Every change is made under one lock of the CA. Throws the ACME_EDGE_STORE_… errors.
 */
export function openBudget(options: BudgetOptions): Budget {
  const { ca } = options
  return {
    ask: (counted) => ask(options, inquiryOf(counted, ca)),
    reserve: (counted, signal) => reserve(options, inquiryOf(counted, ca), signal),
    noteOutcome: (counted, outcome, signal) =>
      noteOutcome(options, { inquiry: inquiryOf(counted, ca), outcome }, signal),
    prune: (signal) => pruneRecords(options, signal),
  }
}

/** Where something is counted, and which of these places have a limit. */
interface Inquiry {
  readonly places: readonly Place[]
  readonly buckets: readonly Bucket[]
}

function inquiryOf(counted: Counted, ca: CaLimits): Inquiry {
  const places = counted === 'new account' ? [newAccounts] : orderPlaces(counted, ca)
  const pace = counted === 'new account' ? [] : paceBuckets(counted)
  return { places, buckets: [...pace, ...limitedPlaces(places, ca)] }
}

/** Counted by the CA for an address; replicas that leave by different ones are counted as if they left by one. */
const newAccounts: Place = { name: 'new_accounts', record: 'accounts.json', member: 'new_accounts', subject: '' }

function recordsOf({ places, buckets }: Inquiry): string[] {
  return [...places, ...buckets].map(({ record }) => record)
}

/** With the bucket that is empty; `undefined`: the CA has said so. */
type Delay = BudgetDelay & { readonly bucket: Bucket | undefined }
type Judgement = { readonly allowed: true } | Delay

/** The last of all the times before which something is closed. */
function judge(records: Records, { places, buckets }: Inquiry, nowMs: number): Judgement {
  const delays: Delay[] = []
  for (const bucket of buckets) {
    const fullAtMs = recordOf(records, bucket.record).buckets.get(bucket.member) ?? 0
    const atMs = Math.ceil(freeAtMs(fullAtMs, bucket.limit))
    if (atMs > nowMs) delays.push({ allowed: false, atMs, limit: bucket.name, why: whyDelayed(bucket), bucket })
  }
  for (const { record, member } of places) {
    const atMs = Math.ceil(recordOf(records, record).closed.get(member) ?? 0)
    if (atMs > nowMs)
      delays.push({
        allowed: false,
        atMs,
        limit: 'ca',
        why: 'the CA takes none until then, as it said',
        bucket: undefined,
      })
  }
  return delays.reduce<Judgement>((a, b) => (a.allowed || b.atMs > a.atMs ? b : a), { allowed: true })
}

function whyDelayed({ name, limit, subject }: Bucket): string {
  if (name === 'pace') return 'renewals that can wait are spread over time'
  const whose = subject === '' ? '' : ` (${subject.slice(0, 200)})`
  return `the CA allows ${describeLimit(name, limit)}${whose}, and they are used up`
}

async function ask(options: BudgetOptions, inquiry: Inquiry): Promise<BudgetAnswer> {
  const judgement = judge(await readRecords(options, recordsOf(inquiry)), inquiry, options.now())
  return judgement.allowed ? judgement : answerOf(judgement)
}

function answerOf({ allowed, atMs, limit, why }: Delay): BudgetDelay {
  return { allowed, atMs, limit, why }
}

async function reserve(options: BudgetOptions, inquiry: Inquiry, signal: AbortSignal): Promise<BudgetAnswer> {
  // Of a CA without known limits nothing is counted, and what it said itself can be read without a lock.
  if (inquiry.buckets.length === 0) return ask(options, inquiry)
  const work = (records: Records): BudgetAnswer => {
    const nowMs = options.now()
    const judgement = judge(records, inquiry, nowMs)
    if (!judgement.allowed) return { ...answerOf(judgement), atMs: waitUntilMs(records, { inquiry, judgement }, nowMs) }
    for (const bucket of inquiry.buckets.filter(isTakenByOrder)) takeFrom(records, bucket, nowMs)
    return judgement
  }
  return changeRecords(options, { names: recordsOf(inquiry), work }, signal)
}

/** What others wait for as well is waited for in a line. */
function waitUntilMs(
  records: Records,
  { inquiry, judgement: { bucket, atMs } }: { readonly inquiry: Inquiry; readonly judgement: Delay },
  nowMs: number,
): number {
  if (bucket === undefined || !isShared(bucket)) return atMs
  const names = inquiry.places.map(({ subject }) => subject).join()
  return placeInLine(records, bucket, { atMs, nowMs, draw: fractionOf(seedOf(names), nowMs) })
}

interface Ended {
  readonly inquiry: Inquiry
  readonly outcome: BudgetOutcome
}

async function noteOutcome(options: BudgetOptions, { inquiry, outcome }: Ended, signal: AbortSignal): Promise<void> {
  if (outcome.kind === 'done') return
  const work = (records: Records): void => {
    const isOpen = outcome.kind === 'refused' && outcome.isOpen === true
    for (const bucket of isOpen ? [] : inquiry.buckets.filter(isGivenBack)) {
      change(records, bucket, (fullAtMs) => giveBack(fullAtMs, bucket.limit))
    }
    const nowMs = options.now()
    if (outcome.kind === 'refused') close(records, { inquiry, outcome }, nowMs)
    else for (const bucket of failedBuckets(inquiry, outcome.failedHosts)) takeFrom(records, bucket, nowMs)
  }
  await changeRecords(options, { names: recordsOf(inquiry), work }, signal)
}

function failedBuckets({ buckets }: Inquiry, hosts: readonly string[]): Bucket[] {
  return buckets.filter(({ name, subject }) => name === 'failed_validations' && hosts.includes(subject))
}

type Refused = Extract<BudgetOutcome, { kind: 'refused' }>

/**
 * The CA counts otherwise than we did: what it names is empty until it says. Where it names nothing that this order was counted
 * by, only these names wait: one odd refusal must not stop all the others.
 */
function close(
  records: Records,
  { inquiry, outcome }: { readonly inquiry: Inquiry; readonly outcome: Refused },
  nowMs: number,
): void {
  const untilMs = Math.min(outcome.retryAtMs ?? nowMs + refusedForMs, nowMs + maxRefusedForMs)
  const refused = limitOfRefusal(outcome.detail)
  const isMeant = ({ name, subject }: Place) =>
    name === refused?.name && (refused.subject === undefined || refused.subject === subject)
  const buckets = inquiry.buckets.filter(isMeant)
  for (const bucket of buckets) {
    change(records, bucket, (fullAtMs) => Math.max(fullAtMs, emptyUntil(untilMs, bucket.limit)))
  }
  if (buckets.length > 0) return
  const meant = inquiry.places.filter(isMeant)
  const hosts = inquiry.places.filter(({ name }) => name === 'failed_validations' || name === 'new_accounts')
  for (const { record, member } of meant.length > 0 ? meant : hosts) {
    recordOf(records, record).closed.set(member, untilMs)
  }
}

function takeFrom(records: Records, bucket: Bucket, nowMs: number): void {
  change(records, bucket, (fullAtMs) => take(fullAtMs, bucket.limit, nowMs))
}

function change(records: Records, { record, member }: Bucket, by: (fullAtMs: number) => number): void {
  const { buckets } = recordOf(records, record)
  buckets.set(member, by(buckets.get(member) ?? 0))
}
