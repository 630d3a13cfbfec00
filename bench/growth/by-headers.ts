import { getRequest } from '../requests/get.ts'
import { Values } from '../requests/values.ts'
import type { Series } from './series.ts'
import { growRequests } from './time-requests.ts'

/** A GET with more and more header fields beyond a browser's; `limits.header_count` allows 100 unless it is raised. */
export const byHeaders: Series = {
  name: 'headers',
  title: 'header fields beyond a browser’s seven',
  xUnit: 'fields',
  yUnit: 'µs a GET',
  expectation: 'linear',
  async measure({ rules, seed, seconds }) {
    const values = new Values(seed)
    const get = (count: number) => {
      const more = Array.from({ length: count }, (_, i) => [`X-Shop-${i}`, `${values.name()} ${values.word()}`])
      const request = getRequest(values)
      return { ...request, headers: [...request.headers, ...more.flat()] }
    }
    return growRequests({ rules, seconds, xs: [1, 3, 10, 30, 90, 300, 1_000], make: get })
  },
}
