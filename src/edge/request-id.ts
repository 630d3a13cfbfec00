import { randomBytes } from 'node:crypto'

/** Makes ids that are unique over processes and restarts, at the cost of a counter: 12 random hex digits, then a count. */
export function createRequestIds(): () => string {
  const prefix = randomBytes(6).toString('hex')
  let count = 0
  return () => `${prefix}${(count++).toString(16).padStart(8, '0')}`
}
