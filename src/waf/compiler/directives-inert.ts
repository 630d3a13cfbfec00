import { wholeNumber } from '../actions/metadata.ts'
import type { Word } from '../seclang/ast.ts'
import { choose } from './choices.ts'
import type { DirectiveWord } from './directives.ts'
import { reject } from './rejection.ts'

/**
 * Directives that are obeyed by doing nothing, each with the reason. Where only one value is true of acme-edge, any
 * other value is refused.
 */
export const inertDirectives: Readonly<Record<string, DirectiveWord>> = {
  // The audit log's place and form are those of edge.yaml.
  secauditlog: inert(),
  secauditlog2: inert(),
  secauditlogtype: inert((value) => choose(value, { serial: 0, parallel: 0, concurrent: 0, https: 0 })),
  secauditlogformat: only('json', 'the audit log is written as JSON'),
  secauditlogstoragedir: inert(),
  secauditlogdirmode: inert(fileMode),
  secauditlogfilemode: inert(fileMode),
  // There is no debug log; the program's own log has its level in edge.yaml.
  secdebuglog: inert(),
  secdebugloglevel: inert((value) => wholeNumber(value, { name: 'the level', least: 0, most: 9 })),
  // Persistent collections lie in the store of edge.yaml.
  secdatadir: inert(),
  // Uploads and bodies are never written to a disk.
  sectmpdir: inert(),
  secuploaddir: inert(),
  secuploadfilemode: inert(fileMode),
  secuploadkeepfiles: only('off', 'uploaded files are never kept'),
  secrequestbodyinmemorylimit: inert(anyNumber),
  // PCRE's step limits have no counterpart: each phase has a time budget instead.
  secpcrematchlimit: inert(anyNumber),
  secpcrematchlimitrecursion: inert(anyNumber),
  // Nobody is told which version runs.
  secstatusengine: only('off', 'no version is reported to anybody'),
  // Cookies are parsed as RFC 6265 has them.
  seccookieformat: only('0', 'version 1 cookies (RFC 2965) are not supported'),
  // urlDecodeUni has the best-fit map of this code page built in.
  secunicodemapfile: {
    least: 1,
    most: 2,
    apply(_, file, [codePage]) {
      const page = codePage ?? { ...file, text: file.text.split(/\s+/)[1] ?? '20127' }
      if (page.text !== '20127') reject(page, 'only the Unicode map of code page 20127 is built in')
    },
  },
  secxmlexternalentity: only('off', 'external entities are never loaded'),
  secparsexmlintoargs: only('off', 'XML shows in the variable XML, not in ARGS'),
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
    apply: (_, given: Word) => {
      if (given.text.toLowerCase() !== value) reject(given, `"${given.text}" is not supported: ${reason}`)
    },
  }
}
