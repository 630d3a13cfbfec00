import { found, type Reader } from './reader.ts'
import { type Parsed, scalar, value, wrong } from './scalars.ts'

const milliseconds: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
const bytes: Readonly<Record<string, number>> = { B: 1, KiB: 1_024, MiB: 1_048_576 }

interface Bounds {
  readonly min: string
  readonly max: string
}

/** A time with its unit: `500ms`, `10s`, `5m`, `1h`; in milliseconds. */
export function duration(bounds: Bounds): Reader<number> {
  return quantity('a time such as 500ms, 10s or 5m', milliseconds, bounds)
}

/** A number of bytes with its unit: `512B`, `16KiB`, `1MiB`. */
export function size(bounds: Bounds): Reader<number> {
  return quantity('a size such as 512B, 16KiB or 1MiB', bytes, bounds)
}

export const parseDuration = (text: string): number => trusted(text, milliseconds)
export const parseSize = (text: string): number => trusted(text, bytes)

function quantity(expects: string, units: Readonly<Record<string, number>>, { min, max }: Bounds): Reader<number> {
  const [lowest, highest] = [trusted(min, units), trusted(max, units)]
  return scalar<number>((raw, node): Parsed<number> => {
    const amount = typeof raw === 'string' ? parseQuantity(raw, units) : undefined
    if (amount === undefined) return wrong(`expected ${expects}, found ${found(node)}`)
    return amount >= lowest && amount <= highest ? value(amount) : wrong(`expected from ${min} to ${max}, found ${raw}`)
  })
}

function parseQuantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d{1,9})([A-Za-z]{1,3})$/.exec(text)
  const unit = units[match?.[2] ?? '']
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit
}

/** For bounds and defaults that stand in the source. */
function trusted(text: string, units: Readonly<Record<string, number>>): number {
  const amount = parseQuantity(text, units)
  if (amount === undefined) throw new TypeError(`not a quantity: ${text}`)
  return amount
}
