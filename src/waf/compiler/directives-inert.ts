import { wholeNumber } from '../actions/metadata.ts'
import type { Word } from '../seclang/ast.ts'
import { choose, switches } from './choices.ts'
import type { DirectiveWord } from './directives.ts'
import { reject } from './rejection.ts'
import { warn } from './warnings.ts'

/**
 * Directives that are obeyed by doing nothing, each with the reason. Where only one value is true of acme-edge, any
 * other value is refused.
 */
export const inertDirectives: Readonly<Record<string, DirectiveWord>> = {
  // The audit log's place and form are those of edge.yaml.
  SecAuditLog: inert(),
  SecAuditLog2: inert(),
  SecAuditLogType: inert((value) => choose(value, { serial: 0, parallel: 0, concurrent: 0, https: 0 })),
  SecAuditLogFormat: only('JSON', 'the audit log is written as JSON'),
  SecAuditLogStorageDir: inert(),
  SecAuditLogDirMode: inert(fileMode),
  SecAuditLogFileMode: inert(fileMode),
  // There is no debug log; the program's own log has its level in edge.yaml.
  SecDebugLog: inert(),
  SecDebugLogLevel: inert((value) => wholeNumber(value, { name: 'the level', least: 0, most: 9 })),
  // Persistent collections lie in the store of edge.yaml.
  SecDataDir: inert(),
  // Uploads and bodies are never written to a disk.
  SecTmpDir: inert(),
  SecUploadDir: inert(),
  SecUploadFileMode: inert(fileMode),
  SecUploadKeepFiles: files('nothing of a request is written to a disk: uploaded files are not kept'),
  SecTmpSaveUploadedFiles: files('nothing of a request is written to a disk: FILES_TMP_CONTENT needs no file'),
  SecRequestBodyInMemoryLimit: inert(anyNumber),
  // PCRE's step limits have no counterpart: each phase has a time budget instead.
  SecPcreMatchLimit: inert(anyNumber),
  SecPcreMatchLimitRecursion: inert(anyNumber),
  // Coraza's own way to leave expressions out early; here it always happens.
  SecRxPreFilter: inert((value) => choose(value, switches)),
  // Nobody is told which version runs.
  SecStatusEngine: only('Off', 'no version is reported to anybody'),
  // Cookies are parsed as RFC 6265 has them.
  SecCookieFormat: only('0', 'version 1 cookies (RFC 2965) are not supported'),
  // Each of these can be said to be off, since it is.
  SecCacheTransformations: only('Off', 'results of transformations are shared in any case'),
  SecConnEngine: only('Off', 'connections are limited in edge.yaml'),
  SecContentInjection: only('Off', 'responses are passed on as the origin wrote them'),
  SecDisableBackendCompression: only('Off', 'how origins compress is left to them'),
  SecHashEngine: only('Off', 'links in responses are not signed'),
  SecIgnoreRuleCompilationErrors: only('Off', 'a rule that cannot be read would be missing without a sign'),
  SecRuleInheritance: only('Off', 'there are no contexts to inherit from'),
  SecStreamInBodyInspection: only('Off', 'bodies are inspected as they were sent'),
  SecStreamOutBodyInspection: only('Off', 'responses are passed on as the origin wrote them'),
  SecXmlExternalEntity: only('Off', 'external entities are never loaded'),
}

/** As ModSecurity has it, On or Off; who says On should know that there will be no files. */
function files(message: string): DirectiveWord {
  return {
    least: 1,
    most: 1,
    apply(assembly, given) {
      if (choose(given, switches)) warn(assembly, message, { location: given.location, message })
    },
  }
}

/** What makes no sense is refused even where it has no effect. */
function inert(check: (value: Word) => void = () => {}): DirectiveWord {
  return { least: 1, most: 1, apply: (_, value) => check(value) }
}

function anyNumber(value: Word): void {
  wholeNumber(value, { name: 'the value', least: 0, most: Number.MAX_SAFE_INTEGER })
}

function fileMode(value: Word): void {
  if (!/^(?:default|0?[0-7]{3,4})$/i.test(value.text)) reject(value, `"${value.text}" is not a mode such as 0640`)
}

function only(value: string, reason: string): DirectiveWord {
  return {
    least: 1,
    most: 1,
    only: value,
    apply: (_, given: Word) => {
      if (given.text.toLowerCase() !== value.toLowerCase()) reject(given, `"${given.text}" is not supported: ${reason}`)
    },
  }
}
