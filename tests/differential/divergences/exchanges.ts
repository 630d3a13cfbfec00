import type { Header } from '../exchange.ts'
import type { Divergence } from '../explain.ts'

/** What follows `#` in a target: part of it here, cut off there. */
export function fragmentDivergence(entry: number): Divergence {
  return {
    entry,
    without({ rules, exchange }) {
      if (!exchange.target.includes('#')) return undefined
      return { rules, exchange: { ...exchange, target: exchange.target.replaceAll('#', 'x') } }
    },
  }
}

/** A response of a type whose body is not inspected: phase 4 runs here, not there. */
export function uninspectedResponseDivergence(entry: number): Divergence {
  return {
    entry,
    without({ rules, exchange }) {
      const { response } = exchange
      const isInspected = response.headers.some(
        ([name, value]) => /^content-type$/i.test(name) && /^text\//.test(value),
      )
      if (isInspected) return undefined
      const inspected = { ...response, headers: [['Content-Type', 'text/html'] as const], body: '' }
      return { rules, exchange: { ...exchange, response: inspected } }
    },
  }
}

/** A cookie without a name: one here, none there. */
export function namelessCookieDivergence(entry: number): Divergence {
  return {
    entry,
    without({ rules, exchange }) {
      const headers = exchange.headers.map(([name, value]): Header => {
        return [name, /^cookie$/i.test(name) ? value.replace(/(^|;)([\t ]*)=/g, '$1$2x=') : value]
      })
      const isChanged = headers.some(([, value], i) => value !== exchange.headers[i]?.[1])
      return isChanged ? { rules, exchange: { ...exchange, headers } } : undefined
    },
  }
}
