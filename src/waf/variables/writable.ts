import type { Entry } from '../entry.ts'
import type { PersistentName } from '../persistent/names.ts'
import type { TransactionState } from '../transaction-state.ts'
import { scalarVariable } from './scalar.ts'
import type { VariableWord } from './variable.ts'

/** The collection of this transaction alone; setvar writes it, captures are TX:0 to TX:9. */
export const tx: VariableWord = {
  ...collectionVariable('TX', (state) => state.tx),
  version: (state) => state.tx.version,
  bind(lowerKey, names) {
    const slot = names.slotOf(lowerKey)
    return (state) => state.tx.at(slot)
  },
  match: (state, selector) => state.tx.matching(selector),
}
/** Parts of the path that @restpath has named; they are not among ARGS. */
export const argsPath: VariableWord = {
  ...collectionVariable('ARGS_PATH', (state) => state.pathArguments),
  version: (state) => state.pathArguments.version,
}
/** What `setenv` set in this transaction; the environment of the process is not shown to rules. */
export const env = collectionVariable('ENV', (state) => state.env)

export const ip = persistentVariable('IP', 'ip')
export const global = persistentVariable('GLOBAL', 'global')
export const session = persistentVariable('SESSION', 'session')
export const user = persistentVariable('USER', 'user')
export const resource = persistentVariable('RESOURCE', 'resource')
/** What @geoLookup found: nothing, since it has no database. */
export const geo: VariableWord = { name: 'GEO', shape: 'collection', settled: 1, read: () => [] }
/** What `setsid` and `setuid` were given. */
export const sessionId = scalarVariable('SESSIONID', 'never', (state) => state.collections.get('session')?.key)
export const userId = scalarVariable('USERID', 'never', (state) => state.collections.get('user')?.key)

/** Has members only after initcol (or setsid, setuid, setrsc) in this transaction. */
function persistentVariable(name: string, lowerName: PersistentName): VariableWord {
  return collectionVariable(name, (state) => state.collections.get(lowerName))
}

interface ReadableCollection {
  entries(): readonly Entry[]
  find(lowerKey: string): readonly Entry[]
}

function collectionVariable(
  name: string,
  get: (state: TransactionState) => ReadableCollection | undefined,
): VariableWord {
  return {
    name,
    shape: 'collection',
    settled: 'never',
    read: (state) => get(state)?.entries() ?? [],
    find: (state, lowerKey) => get(state)?.find(lowerKey) ?? [],
  }
}
