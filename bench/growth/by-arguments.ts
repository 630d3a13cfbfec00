import { postRequest } from '../requests/post.ts'
import { Values } from '../requests/values.ts'
import type { Series } from './series.ts'
import { growRequests } from './time-requests.ts'

/** A form with more and more fields. */
export const byArguments: Series = {
  name: 'arguments',
  title: 'arguments of a form',
  xUnit: 'arguments',
  yUnit: 'µs a form',
  expectation: 'linear',
  async measure({ rules, seed, seconds }) {
    const values = new Values(seed)
    const form = (count: number) => {
      const fields = Array.from({ length: count }, (_, i) => `f${i}=${values.name()}+${values.words(2, '+')}`)
      return postRequest(values, { type: 'application/x-www-form-urlencoded', body: fields.join('&') })
    }
    return growRequests({ rules, seconds, xs: [1, 3, 10, 30, 100, 300, 990], make: form })
  },
}
