import type { BenchRequest } from '../requests/bench-request.ts'
import { pageRequest } from '../requests/page.ts'
import { postRequest } from '../requests/post.ts'
import { uploadRequest } from '../requests/upload.ts'
import { Values } from '../requests/values.ts'
import type { Series } from './series.ts'
import { growRequests } from './time-requests.ts'

const KB = 1024
/** The largest, which are allowed for by the limits of the benchmark's rules, are a little below 10 MB. */
const sizes = [KB, 10 * KB, 100 * KB, 1024 * KB, 10_000 * KB]

type Make = (values: Values, bytes: number) => BenchRequest

/** Bodies of each kind that is inspected, larger and larger. */
export const byBody: readonly Series[] = [
  series('form', 'body of a form, ten fields', formOf),
  series('json', 'body in JSON, 100 items', jsonOf),
  series('upload', 'file in a form', uploadRequest),
  series('page', 'page of a response', pageRequest),
]

function series(name: string, title: string, make: Make): Series {
  return {
    name: `body-${name}`,
    title,
    xUnit: 'bytes',
    yUnit: 'µs a request',
    expectation: 'linear',
    async measure({ rules, seed, seconds }) {
      const values = new Values(seed)
      return growRequests({ rules, seconds, xs: sizes, make: (bytes) => make(values, bytes) })
    },
  }
}

function formOf(values: Values, bytes: number): BenchRequest {
  const fields = Array.from({ length: 10 }, (_, i) => `f${i}=${text(values, bytes / 10, '+')}`)
  return postRequest(values, { type: 'application/x-www-form-urlencoded', body: fields.join('&') })
}

function jsonOf(values: Values, bytes: number): BenchRequest {
  const items = Array.from({ length: 100 }, () => `{"title":"${text(values, bytes / 100 - 14, ' ')}"}`)
  return postRequest(values, { type: 'application/json', body: `{"items":[${items.join(',')}]}` })
}

/** Words, each another beginning, of at most so many bytes. */
function text(values: Values, bytes: number, separator: string): string {
  const piece = 64
  let found = values.name()
  // Beyond some kilobytes the same words come again within one value: making all anew would take longer than the rules.
  const stock = Array.from({ length: 64 }, () => values.words(piece / 8, separator))
  for (let i = 0; found.length < bytes; i++) found += separator + stock[(i * 7 + values.number(8)) % stock.length]
  return found.slice(0, Math.max(1, bytes))
}
