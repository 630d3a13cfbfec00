import { wholeNumber } from '../actions/metadata.ts'
import type { Word } from '../seclang/ast.ts'
import { auditModes, choose, engineModes, limitActions, switches } from './choices.ts'
import type { DirectiveWord } from './directives.ts'
import { compilePattern } from './pattern.ts'
import type { Settings } from './program.ts'
import { reject } from './rejection.ts'
import { defaultMimeTypes } from './settings.ts'

const LARGEST_LIMIT_BYTES = 1_073_741_824

/** Directives that set a value; of two, the later one counts. */
export const settingDirectives: Readonly<Record<string, DirectiveWord>> = {
  secruleengine: set((value) => ({ engine: choose(value, engineModes) })),
  secrequestbodyaccess: set((value) => ({ requestBodyAccess: choose(value, switches) })),
  secrequestbodylimit: set((value) => ({ requestBodyLimitBytes: bytes(value) })),
  secrequestbodynofileslimit: set((value) => ({ requestBodyNoFilesLimitBytes: bytes(value) })),
  secrequestbodylimitaction: set((value) => ({ requestBodyBeyond: choose(value, limitActions) })),
  secrequestbodyjsondepthlimit: set((value) => ({ jsonDepth: count(value, 10_000) })),
  secresponsebodyaccess: set((value) => ({ responseBodyAccess: choose(value, switches) })),
  secresponsebodylimit: set((value) => ({ responseBodyLimitBytes: bytes(value) })),
  secresponsebodylimitaction: set((value) => ({ responseBodyBeyond: choose(value, limitActions) })),
  secargumentslimit: set((value) => ({ argumentCount: count(value, 1_000_000) })),
  secuploadfilelimit: set((value) => ({ fileCount: count(value, 100_000) })),
  secargumentseparator: set((value) => {
    if (value.text.length !== 1) reject(value, 'the separator must be one character')
    return { argumentSeparator: value.text }
  }),
  seccollectiontimeout: set((value) => ({ collectionTimeoutSeconds: count(value, 31_536_000) })),
  secwebappid: set((value) => ({ webAppId: value.text })),
  seccomponentsignature: set((value, settings) => ({ components: [...settings.components, value.text] })),
  secauditengine: set((value) => ({ auditEngine: choose(value, auditModes) })),
  secauditlogparts: set((value) => {
    if (!/^[A-KZ]+$/i.test(value.text)) reject(value, 'the parts must be letters from A to K and Z')
    return { auditParts: value.text.toUpperCase() }
  }),
  secauditlogrelevantstatus: set((value) => {
    if (value.text.trim() === '') reject(value, 'the pattern is empty: every status would be relevant')
    return { auditStatus: compilePattern(value, { ignoreCase: false }) }
  }),
  secresponsebodymimetypesclear: {
    least: 0,
    most: 0,
    apply: (assembly) => change(assembly, { responseMimeTypes: [] }),
  },
  secresponsebodymimetype: {
    least: 1,
    most: 100,
    apply(assembly, first, rest) {
      const before = assembly.settings.responseMimeTypes
      const added = [first, ...rest].flatMap(readTypes)
      change(assembly, { responseMimeTypes: before === defaultMimeTypes ? added : [...before, ...added] })
    },
  },
}

/** `(null)` stands for a response without a type. */
function readTypes(word: Word): readonly string[] {
  const types = word.text
    .toLowerCase()
    .split(/\s+/)
    .filter((type) => type !== '')
  for (const type of types) {
    if (type !== '(null)' && !/^[!#$&^_.+\-0-9a-z]+\/[!#$&^_.+\-0-9a-z]+$/.test(type))
      reject(word, `"${type}" is not a media type such as text/html: no response would be inspected for it`)
  }
  return types
}

function set(read: (value: Word, settings: Settings) => Partial<Settings>): DirectiveWord {
  return { least: 1, most: 1, apply: (assembly, value) => change(assembly, read(value, assembly.settings)) }
}

function change(assembly: { settings: Settings }, changes: Partial<Settings>): void {
  assembly.settings = { ...assembly.settings, ...changes }
}

function bytes(value: Word): number {
  return wholeNumber(value, { name: 'a limit in bytes', least: 0, most: LARGEST_LIMIT_BYTES })
}

function count(value: Word, most: number): number {
  return wholeNumber(value, { name: 'the value', least: 1, most })
}
