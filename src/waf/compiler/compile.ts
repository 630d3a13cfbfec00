import type { Problem } from '../seclang/location.ts'
import type { WafMode } from '../transaction-types.ts'
import { assemble } from './assemble.ts'
import type { Assembly } from './draft.ts'
import { linkProgram } from './link.ts'
import type { Program } from './program.ts'
import { defaultSettings } from './settings.ts'
import { SourceLoader, type SourceReader } from './sources.ts'

export type CompileResult =
  | { readonly kind: 'program'; readonly program: Program }
  | { readonly kind: 'problems'; readonly problems: readonly Problem[] }

/**
 * Files → program, or everything that is wrong with them. Errors of the file system pass through for the files
 * themselves; for what the files name they are problems.
 */
export function compileFiles(files: readonly string[], mode: WafMode, reader: SourceReader): CompileResult {
  const loader = new SourceLoader(reader)
  for (const file of files) loader.load(file)
  const { problems } = loader
  const assembly: Assembly = {
    problems,
    sources: loader.sources,
    readFile: reader.readFile,
    isIncomplete: problems.all.length > 0,
    settings: defaultSettings,
    defaults: new Map(),
    chains: [],
    markers: [],
    updates: [],
  }
  assemble(assembly, loader.nodes)
  const program = linkProgram(assembly, mode)
  return problems.all.length === 0 ? { kind: 'program', program } : { kind: 'problems', problems: problems.all }
}
