import type { OperatorWord } from './operator.ts'

/** Where in the world the address is; GEO would hold the answer. */
export const geoLookup: OperatorWord = {
  name: 'geoLookup',
  argument: 'none',
  limitation: 'there is no database of places',
  compile: () => ({ test: () => false }),
}
