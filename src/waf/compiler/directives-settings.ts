import { dirname, resolve } from 'node:path'
import { wholeNumber } from '../actions/metadata.ts'
import type { Word } from '../seclang/ast.ts'
import { urlDecodeUniWith } from '../transformations/url-decode-uni.ts'
import { auditModes, choose, engineModes, limitActions, switches, xmlModes } from './choices.ts'
import type { DirectiveWord } from './directives.ts'
import type { Assembly } from './draft.ts'
import { compilePattern } from './pattern.ts'
import type { Settings } from './program.ts'
import { reject } from './rejection.ts'
import { defaultMimeTypes } from './settings.ts'
import { isFileError } from './sources.ts'
import { readUnicodeMap } from './unicode-map.ts'

const LARGEST_LIMIT_BYTES = 1_073_741_824

/** Directives that set a value; of two, the later one counts. */
export const settingDirectives: Readonly<Record<string, DirectiveWord>> = {
  SecRuleEngine: set((value) => ({ engine: choose(value, engineModes) })),
  SecRequestBodyAccess: set((value) => ({ requestBodyAccess: choose(value, switches) })),
  SecRequestBodyLimit: set((value) => ({ requestBodyLimitBytes: bytes(value) })),
  SecRequestBodyNoFilesLimit: set((value) => ({ requestBodyNoFilesLimitBytes: bytes(value) })),
  SecRequestBodyLimitAction: set((value) => ({ requestBodyBeyond: choose(value, limitActions) })),
  SecRequestBodyJsonDepthLimit: set((value) => ({ jsonDepth: count(value, 10_000) })),
  SecResponseBodyAccess: set((value) => ({ responseBodyAccess: choose(value, switches) })),
  SecResponseBodyLimit: set((value) => ({ responseBodyLimitBytes: bytes(value) })),
  SecResponseBodyLimitAction: set((value) => ({ responseBodyBeyond: choose(value, limitActions) })),
  SecParseXmlIntoArgs: set((value) => ({ xmlIntoArguments: choose(value, xmlModes) })),
  SecArgumentsLimit: set((value) => ({ argumentCount: count(value, 1_000_000) })),
  SecUploadFileLimit: set((value) => ({ fileCount: count(value, 100_000) })),
  SecArgumentSeparator: set((value) => {
    if (value.text.length !== 1) reject(value, 'the separator must be one character')
    return { argumentSeparator: value.text }
  }),
  SecCollectionTimeout: set((value) => ({ collectionTimeoutSeconds: count(value, 31_536_000) })),
  SecWebAppId: set((value) => ({ webAppId: value.text })),
  SecComponentSignature: set((value, settings) => ({ components: [...settings.components, value.text] })),
  SecAuditEngine: set((value) => ({ auditEngine: choose(value, auditModes) })),
  SecAuditLogParts: set((value) => {
    if (!/^[A-KZ]+$/i.test(value.text)) reject(value, 'the parts must be letters from A to K and Z')
    return { auditParts: value.text.toUpperCase() }
  }),
  SecAuditLogRelevantStatus: set((value) => {
    if (value.text.trim() === '') reject(value, 'the pattern is empty: every status would be relevant')
    return { auditStatus: compilePattern(value, { ignoreCase: false }) }
  }),
  SecDataset: { least: 2, most: 2, apply: defineDataset },
  SecUnicodeMapFile: { least: 1, most: 2, apply: setUnicodeMap },
  SecResponseBodyMimeTypesClear: {
    least: 0,
    most: 0,
    apply: (assembly) => change(assembly, { responseMimeTypes: [] }),
  },
  SecResponseBodyMimeType: {
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

/** One entry a line; empty lines and those that begin with `#` are none. */
function defineDataset({ datasets }: Assembly, name: Word, [data = name]: readonly Word[]): void {
  if (datasets.has(name.text)) reject(name, `there is a SecDataset "${name.text}" already`)
  const entries = data.text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  if (entries.length === 0) reject(data, `the SecDataset "${name.text}" is empty`)
  datasets.set(name.text, entries)
}

/** `file page`; both may stand in one argument. */
function setUnicodeMap(assembly: Assembly, file: Word, [second]: readonly Word[]): void {
  const [path = '', inSame] = file.text.trim().split(/\s+/)
  const page = second ?? { ...file, text: inSame ?? reject(file, 'SecUnicodeMapFile lacks the number of a code page') }
  const map = readUnicodeMap(readNamedFile(assembly, { ...file, text: path }), page)
  assembly.transformations.set(
    'urlDecodeUni',
    urlDecodeUniWith((unit) => map.get(unit) ?? lowByte(unit)),
  )
}

/** What the page does not map keeps its low byte, but for full-width forms of ASCII. */
function lowByte(unit: number): number {
  return unit > 0xff00 && unit < 0xff5f ? (unit & 0xff) + 0x20 : unit & 0xff
}

/** Relative to the folder of the rule file. */
function readNamedFile({ readFile }: Assembly, path: Word): string {
  try {
    return readFile(resolve(dirname(path.location.file), path.text))
  } catch (error) {
    if (!isFileError(error)) throw error
    return reject(path, `the file "${path.text}" cannot be read: ${error.message}`)
  }
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
