import { dirname, resolve } from 'node:path'
import type { DirectiveNode, Node } from '../seclang/ast.ts'
import { parseSecLang } from '../seclang/parser.ts'
import { type SourceText, sourceText } from '../seclang/source-text.ts'
import { ProblemList } from './rejection.ts'

/** Includes deeper than this are a circle, or might as well be one. */
const DEEPEST_INCLUDE = 20

export interface SourceReader {
  /** Bytes of a file as a one-byte string. */
  readonly readFile: (path: string) => string
  /** Paths that a glob stands for, sorted by byte; a path without wildcards stands for itself. */
  readonly expandGlob: (pattern: string) => readonly string[]
}

/** Reads and parses files in order, what they include in its place. Everything wrong goes to the list of problems. */
export class SourceLoader {
  readonly sources: ReadonlyMap<string, SourceText>
  readonly problems: ProblemList
  readonly nodes: Node[] = []
  readonly #sources = new Map<string, SourceText>()
  readonly #reader: SourceReader

  constructor(reader: SourceReader) {
    this.#reader = reader
    this.sources = this.#sources
    this.problems = new ProblemList(this.#sources)
  }

  load(file: string, depth = 0): void {
    const text = this.#reader.readFile(file)
    this.#sources.set(file, sourceText(file, text))
    const parsed = parseSecLang(text, file)
    for (const { location, message } of parsed.problems) this.problems.add(location, message)
    for (const node of parsed.nodes) {
      if (node.kind === 'directive' && node.name.text.toLowerCase() === 'include') this.#include(node, depth)
      else this.nodes.push(node)
    }
  }

  #include({ name, arguments: [path, ...excess] }: DirectiveNode, depth: number): void {
    if (path === undefined || excess.length > 0) return this.problems.add(name.location, 'Include takes one path')
    if (depth >= DEEPEST_INCLUDE) return this.problems.add(path.location, 'files include each other without end')
    const pattern = resolve(dirname(path.location.file), path.text)
    const files = this.#reader.expandGlob(pattern)
    if (files.length === 0) this.problems.add(path.location, `no file matches "${path.text}"`)
    for (const file of files) this.#loadIncluded(file, path, depth)
  }

  #loadIncluded(file: string, { location }: { location: Node['location'] }, depth: number): void {
    try {
      this.load(file, depth + 1)
    } catch (error) {
      if (!isFileError(error)) throw error
      this.problems.add(location, `the file cannot be read: ${error.message}`)
    }
  }
}

export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error
}
