import { globSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { shippedRules } from '../config/paths.ts'
import { EdgeError } from '../errors.ts'
import type { TestText } from '../waf/regression/load-tests.ts'

/** Test files by name, folder (with all beneath it) or glob, sorted by byte. Throws EdgeError ACME_EDGE_USAGE for one that is nothing. */
export function readTestFiles(patterns: readonly string[]): readonly TestText[] {
  const tests = patterns.flatMap((pattern) => {
    if (!statSync(pattern, { throwIfNoEntry: false })?.isDirectory()) return expand(pattern).map(readTestFile)
    const files = sortedFiles(['**/*.yaml', '**/*.yml'], { pattern, cwd: pattern })
    return files.map(readTestFile).filter(({ text }) => !isOverrides(text))
  })
  return [...new Map(tests.map((test) => [test.file, test])).values()]
}

/** Platforms keep their overrides beside the tests. */
function isOverrides(text: string): boolean {
  return /^test_overrides:/m.test(text)
}

/** Throws EdgeError ACME_EDGE_WAF_TESTS_UNREADABLE. */
export function readTestFile(file: string): TestText {
  try {
    return { file, text: readFileSync(file, 'utf8') }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new EdgeError('ACME_EDGE_WAF_TESTS_UNREADABLE', `cannot read ${file}: ${why}`, { cause })
  }
}

/** Rule files as `waf.rules` has them, but relative to the current folder. */
export function expandRules(patterns: readonly string[]): readonly string[] {
  return patterns.flatMap((pattern) => (pattern === '@acme-edge' ? [shippedRules] : expand(pattern)))
}

function expand(pattern: string): readonly string[] {
  if (statSync(pattern, { throwIfNoEntry: false })?.isFile()) return [resolve(pattern)]
  return sortedFiles([pattern], { pattern, cwd: process.cwd() })
}

function sortedFiles(globs: readonly string[], { pattern, cwd }: { pattern: string; cwd: string }): readonly string[] {
  const found = globs.flatMap((glob) => globSync(glob, { cwd })).map((match) => resolve(join(cwd), match))
  const files = found.filter((file) => statSync(file).isFile())
  if (files.length === 0) throw new EdgeError('ACME_EDGE_USAGE', `no file matches ${JSON.stringify(pattern)}`)
  return files.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}
