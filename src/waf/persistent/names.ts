/** Collections that outlive a transaction. */
export const persistentNames = ['ip', 'global', 'session', 'user', 'resource'] as const
export type PersistentName = (typeof persistentNames)[number]

export function isPersistentName(lowerName: string): lowerName is PersistentName {
  return (persistentNames as readonly string[]).includes(lowerName)
}

/** Members that the engine keeps itself, in every persistent collection. */
export const builtInNames = [
  'create_time',
  'is_new',
  'key',
  'last_update_time',
  'timeout',
  'update_counter',
  'update_rate',
] as const
export type BuiltInName = (typeof builtInNames)[number]

const builtIn: ReadonlySet<string> = new Set(builtInNames)

export function isBuiltInName(lowerName: string): lowerName is BuiltInName {
  return builtIn.has(lowerName)
}
