import type { TestResult } from './run-tests.ts'

/** How results are written: a part before the first, one for each, one after the last. */
export interface ReportFormat {
  begin(count: number): string
  /** `number` counts from 1. */
  result(result: TestResult, number: number): string
  end(): string
}

export interface Totals {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** `N passed, N failed, N skipped` */
export function summaryOf({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`
}

/** For people: what did not pass, and why. */
export const textReport: ReportFormat = {
  begin: () => '',
  result({ test, result, reason, ids }) {
    if (result === 'passed') return ''
    const { file, line } = test.location
    const logged = result === 'failed' && ids.length > 0 ? ` (logged: ${ids.join(' ')})` : ''
    return `${result} ${test.id}: ${printable(reason ?? '')}${logged}  ${file}:${line}\n`
  },
  end: () => '',
}

/** One JSON object a line. */
export const jsonReport: ReportFormat = {
  begin: () => '',
  result({ test, result, ids, reason }) {
    return `${JSON.stringify({ test: test.id, result, ids, reason: reason ?? null })}\n`
  },
  end: () => '',
}

/** The Test Anything Protocol, version 14. */
export const tapReport: ReportFormat = {
  begin: (count) => `TAP version 14\n1..${count}\n`,
  result({ test, result, reason = '' }, number) {
    const line = `${result === 'failed' ? 'not ok' : 'ok'} ${number} - ${test.id}`
    if (result === 'passed') return `${line}\n`
    if (result === 'skipped') return `${line} # SKIP ${printable(reason)}\n`
    const { file, line: at } = test.location
    return `${line}\n  ---\n  message: ${JSON.stringify(reason)}\n  at: ${JSON.stringify(`${file}:${at}`)}\n  ...\n`
  },
  end: () => '',
}

/** JUnit's XML; counts are left to its readers, so that it can be written as it goes. */
export const junitReport: ReportFormat = {
  begin: () => '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n<testsuite name="acme-edge waf test">\n',
  result({ test, result, reason = '' }) {
    const attributes = `classname="${xml(test.location.file)}" name="${test.id}"`
    if (result === 'passed') return `<testcase ${attributes}/>\n`
    const element = result === 'failed' ? 'failure' : 'skipped'
    return `<testcase ${attributes}><${element} message="${xml(reason)}"/></testcase>\n`
  },
  end: () => '</testsuite>\n</testsuites>\n',
}

/** Reasons quote what tests and responses hold: they must not steer a terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?')
}

/** XML 1.0 has no way to write most control characters. */
function xml(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return text.replace(/\p{Cc}/gu, '?').replace(/[&<>"]/g, (character) => entities[character] ?? character)
}
