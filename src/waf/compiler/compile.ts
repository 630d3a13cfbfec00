import type { Problem } from '../seclang/location.ts'
import type { WafMode } from '../transaction-types.ts'
import type { Turns } from '../turns.ts'
import { assemble } from './assemble.ts'
import type { Assembly } from './draft.ts'
import { linkProgram } from './link.ts'
import { NameTable } from './name-table.ts'
import type { Program } from './program.ts'
import { defaultSettings } from './settings.ts'
import { SourceLoader, type SourceReader } from './sources.ts'

export interface CompileOptions {
  readonly mode: WafMode
  readonly screening: 'on' | 'off'
  readonly reader: SourceReader
  readonly turns: Turns
}

export type CompileResult =
  | { readonly kind: 'program'; readonly program: Program }
  | { readonly kind: 'problems'; readonly problems: readonly Problem[] }

/**
 * Files → program, or everything that is wrong with them. Errors of the file system pass through for the files
 * themselves; for what the files name they are problems.
 */
export async function compileFiles(files: readonly string[], options: CompileOptions): Promise<CompileResult> {
  const { reader, turns } = options
  const loader = new SourceLoader(reader)
  for (const file of files) {
    loader.load(file)
    if (turns.isOver()) await turns.giveUp()
  }
  const { problems } = loader
  const assembly: Assembly = {
    problems,
    sources: loader.sources,
    readFile: reader.readFile,
    isIncomplete: problems.all.length > 0,
    warnings: new Map(),
    settings: defaultSettings,
    transformations: new Map(),
    datasets: new Map(),
    defaults: new Map(),
    chains: [],
    chainsById: new Map(),
    markers: [],
    updates: [],
    names: new NameTable(),
  }
  await assemble(assembly, loader.nodes, turns)
  const program = linkProgram(assembly, options)
  return problems.all.length === 0 ? { kind: 'program', program } : { kind: 'problems', problems: problems.all }
}
