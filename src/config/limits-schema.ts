import type { LimitsConfig } from './config.ts'
import { duration, parseDuration, parseSize, size } from './quantities.ts'
import { type Field, mapOf, optional, type Reader } from './reader.ts'
import { integer } from './scalars.ts'

interface LimitEntry {
  /** As a person writes it in edge.yaml. */
  readonly fallback: string
  readonly field: Field<number>
}

/** Every limit with its default and bounds; `docs/configuration.md` says which attack each one stops. */
export const limitEntries = {
  header_timeout: time('10s', '100ms', '5m'),
  body_idle_timeout: time('10s', '100ms', '10m'),
  body_min_rate: bytes('512B', '1B', '1MiB'),
  send_timeout: time('30s', '100ms', '1h'),
  keep_alive_timeout: time('5s', '1ms', '10m'),
  requests_per_socket: count(1_000, 1_000_000),
  header_size: bytes('16KiB', '1KiB', '1MiB'),
  header_count: count(100, 2_000),
  target_size: bytes('8KiB', '128B', '64KiB'),
  http2_streams: count(100, 10_000),
  origin_connect_timeout: time('5s', '10ms', '5m'),
  origin_response_timeout: time('60s', '10ms', '24h'),
  origin_body_idle_timeout: time('60s', '10ms', '24h'),
  origin_connections: count(256, 100_000),
  inspection_threads: count(2, 64),
  drain_timeout: time('10s', '1ms', '10m'),
} as const satisfies Record<string, LimitEntry>

type LimitKey = keyof typeof limitEntries
type LimitValues = { readonly [K in LimitKey]: number }

// every key of LimitValues comes from limitEntries
const fields = mapValues((entry) => entry.field) as { readonly [K in LimitKey]: Field<number> }

export const limitsReader: Reader<LimitValues> = mapOf(fields)

/** The limits of a config that names none. */
// each field of a limit has a default, so `absent` is there
export const defaultLimits = (): LimitValues => mapValues((entry) => entry.field.absent?.() ?? 0) as LimitValues

export function toLimitsConfig(values: LimitValues): LimitsConfig {
  return {
    headerTimeoutMs: values.header_timeout,
    bodyIdleTimeoutMs: values.body_idle_timeout,
    bodyMinBytesPerSecond: values.body_min_rate,
    sendTimeoutMs: values.send_timeout,
    keepAliveTimeoutMs: values.keep_alive_timeout,
    requestsPerSocket: values.requests_per_socket,
    headerBytes: values.header_size,
    headerCount: values.header_count,
    targetBytes: values.target_size,
    http2Streams: values.http2_streams,
    originConnectTimeoutMs: values.origin_connect_timeout,
    originResponseTimeoutMs: values.origin_response_timeout,
    originBodyIdleTimeoutMs: values.origin_body_idle_timeout,
    originConnections: values.origin_connections,
    drainTimeoutMs: values.drain_timeout,
    inspectionThreads: values.inspection_threads,
  }
}

function time(fallback: string, min: string, max: string): LimitEntry {
  return { fallback, field: optional(duration({ min, max }), () => parseDuration(fallback)) }
}

function bytes(fallback: string, min: string, max: string): LimitEntry {
  return { fallback, field: optional(size({ min, max }), () => parseSize(fallback)) }
}

function count(fallback: number, max: number): LimitEntry {
  return { fallback: String(fallback), field: optional(integer(1, max), () => fallback) }
}

function mapValues<T>(map: (entry: LimitEntry) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(limitEntries).map(([key, entry]) => [key, map(entry)]))
}
