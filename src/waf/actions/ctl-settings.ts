import { auditModes, choose, engineModes, switches, xmlModes } from '../compiler/choices.ts'
import type { Settings } from '../compiler/program.ts'
import { reject } from '../compiler/rejection.ts'
import { lowerOf } from '../compiler/settings.ts'
import type { BodyProcessor } from '../request-parts.ts'
import type { Word } from '../seclang/ast.ts'
import type { ActionDraft } from './action.ts'
import type { CtlOption } from './ctl.ts'
import { wholeNumber } from './metadata.ts'

const processors: Readonly<Record<string, BodyProcessor>> = {
  urlencoded: 'URLENCODED',
  multipart: 'MULTIPART',
  json: 'JSON',
  xml: 'XML',
}

const responseProcessors: Readonly<Record<string, 'JSON' | 'XML'>> = { json: 'JSON', xml: 'XML' }

/** Options of `ctl` that change settings. */
export const settingOptions: Readonly<Record<string, CtlOption>> = {
  ruleEngine(draft, value) {
    const wanted = choose(value, engineModes)
    if (wanted === 'on') draft.mayRaiseEngine = true
    draft.afterMatch.push(() => (state) => {
      state.engine = lowerOf(wanted, state.program.ceiling)
    })
  },
  requestBodyProcessor(draft, value) {
    const processor = choose(value, processors)
    if (processor === 'JSON') draft.choosesJson = true
    draft.afterMatch.push(() => (state) => {
      state.requestBody.processor = processor
    })
  },
  forceRequestBodyVariable(draft, value) {
    const forced = choose(value, switches)
    draft.afterMatch.push(() => (state) => {
      state.requestBody.forced = forced
    })
  },
  responseBodyProcessor(draft, value) {
    const processor = choose(value, responseProcessors)
    draft.afterMatch.push(() => (state) => {
      state.responseProcessor = processor
    })
  },
  forceResponseBodyVariable(draft, value) {
    const forced = choose(value, switches)
    draft.afterMatch.push(() => (state) => {
      state.responseForced = forced
    })
  },
  // There is no debug log.
  debugLogLevel: (_, value) => {
    wholeNumber(value, { name: 'debugLogLevel', least: 0, most: 9 })
  },
  parseXmlIntoArgs: (draft, value) => change(draft, { xmlIntoArguments: choose(value, xmlModes) }),
  requestBodyAccess: (draft, value) => change(draft, { requestBodyAccess: choose(value, switches) }),
  responseBodyAccess: (draft, value) => change(draft, { responseBodyAccess: choose(value, switches) }),
  auditEngine: (draft, value) => change(draft, { auditEngine: choose(value, auditModes) }),
  requestBodyLimit: (draft, value) => change(draft, { requestBodyLimitBytes: bytes(value) }),
  responseBodyLimit: (draft, value) => change(draft, { responseBodyLimitBytes: bytes(value) }),
  auditLogParts(draft, value) {
    const found =
      /^([+-]?)([A-KZa-kz]+)$/.exec(value.text) ?? reject(value, 'auditLogParts must be letters from A to K and Z')
    const [, sign = '', letters = ''] = found
    const parts = letters.toUpperCase()
    draft.afterMatch.push(() => (state) => {
      const auditParts = withParts(state.settings.auditParts, sign, parts)
      state.settings = { ...state.settings, auditParts }
    })
  },
}

function change(draft: ActionDraft, changes: Partial<Settings>): void {
  draft.afterMatch.push(() => (state) => {
    state.settings = { ...state.settings, ...changes }
  })
}

function bytes(value: Word): number {
  return wholeNumber(value, { name: 'a limit', least: 0, most: 1_073_741_824 })
}

function withParts(before: string, sign: string, letters: string): string {
  if (sign === '') return letters
  const others = [...before].filter((letter) => !letters.includes(letter)).join('')
  return sign === '+' ? others + letters : others
}
