import type { WafMode } from '../transaction-types.ts'
import type { EngineMode, Settings } from './program.ts'

const rank: Readonly<Record<EngineMode, number>> = { off: 0, detect: 1, on: 2 }

/** What ModSecurity takes for granted when the first SecResponseBodyMimeType has not been said. */
export const defaultMimeTypes: readonly string[] = ['text/plain', 'text/html']

/**
 * Defaults are those of ModSecurity's reference manual, but for two: the engine is on and request bodies are inspected
 * unless a directive says otherwise, because an edge without rules for that should still be safe.
 */
export const defaultSettings: Settings = {
  engine: 'on',
  requestBodyAccess: true,
  requestBodyLimitBytes: 13_107_200,
  requestBodyNoFilesLimitBytes: 1_048_576,
  requestBodyBeyond: 'reject',
  responseBodyAccess: false,
  responseBodyLimitBytes: 524_288,
  responseBodyBeyond: 'reject',
  responseMimeTypes: defaultMimeTypes,
  argumentSeparator: '&',
  argumentCount: 1000,
  jsonDepth: 100,
  xmlIntoArguments: 'no',
  fileCount: 100,
  components: [],
  auditEngine: 'relevant',
  auditParts: 'ABFHZ',
  auditStatus: undefined,
  webAppId: '',
  collectionTimeoutSeconds: 3600,
}

/** The most that rules may ask for under this mode. */
export function ceilingOf(mode: WafMode): EngineMode {
  return mode === 'block' ? 'on' : mode
}

export function lowerOf(left: EngineMode, right: EngineMode): EngineMode {
  return rank[left] < rank[right] ? left : right
}
