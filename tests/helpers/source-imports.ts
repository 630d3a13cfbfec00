import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const repository = fileURLToPath(new URL('../..', import.meta.url))

export interface SourceImport {
  /** Paths relative to the repository: `src/edge/pipeline.ts`. */
  readonly from: string
  /** Another file of the repository, or a package's or built-in module's name. */
  readonly to: string
  /** Type imports vanish before the program runs: they couple knowledge, not code. */
  readonly kind: 'value' | 'type'
  /** What is named in the braces, without `type` members of a value import. */
  readonly names: readonly string[]
}

export interface SourceFile {
  readonly path: string
  readonly text: string
  readonly imports: readonly SourceImport[]
}

/** Every TypeScript file beneath a folder of the repository. */
export function readSources(folder: string): readonly SourceFile[] {
  return globSync(`${folder}/**/*.ts`, { cwd: repository })
    .sort()
    .map((path) => {
      const text = readFileSync(join(repository, path), 'utf8')
      return { path, text, imports: importsOf(path, text) }
    })
}

/** Every file of code or prose beneath a folder of the repository; of `.` those that lie directly in it. */
export function readTexts(folder: string): readonly { readonly path: string; readonly text: string }[] {
  const pattern = folder === '.' ? '*' : `${folder}/**/*`
  return globSync(`${pattern}.{ts,md,sh,conf,yaml,json}`, { cwd: repository })
    .filter((path) => path !== 'package-lock.json')
    .sort()
    .map((path) => ({ path, text: readFileSync(join(repository, path), 'utf8') }))
}

const statement =
  /^(?:import|export)(\s+type)?\s+(?:([^'";]*?)\s+from\s+)?'([^']+)'|\bimport\('([^']+)'\)|\bimport\.meta\.resolve\('([^']+)'\)/gm

function importsOf(path: string, text: string): SourceImport[] {
  return [...text.matchAll(statement)].map(([, type, clause = '', fixed, dynamic, resolved]) => {
    const target = fixed ?? dynamic ?? resolved ?? ''
    const members =
      /\{([^}]*)\}/
        .exec(clause)?.[1]
        ?.split(',')
        .map((member) => member.trim()) ?? []
    const names = members.filter((member) => member !== '' && !member.startsWith('type '))
    const onlyTypes = members.length > 0 && names.length === 0 && /^\{[^}]*\}$/.test(clause.trim())
    return {
      from: path,
      to: target.startsWith('.') ? relative('.', normalize(join(dirname(path), target))) : target,
      kind: type !== undefined || onlyTypes ? 'type' : 'value',
      names,
    }
  })
}
