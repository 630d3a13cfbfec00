import { closeSync, openSync, writeSync } from 'node:fs'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { EdgeConfig } from '../config/config.ts'
import { defaultLimits, toLimitsConfig } from '../config/limits-schema.ts'
import { loadConfig } from '../config/load.ts'
import { EdgeError, type SourceProblem } from '../errors.ts'
import { InspectionThreads } from '../inspection-threads/inspection-threads.ts'
import { applyOverrides, loadOverrides } from '../waf/regression/load-overrides.ts'
import { loadTests } from '../waf/regression/load-tests.ts'
import {
  jsonReport,
  junitReport,
  type ReportFormat,
  summaryOf,
  tapReport,
  textReport,
} from '../waf/regression/reports.ts'
import { runTests } from '../waf/regression/run-tests.ts'
import type { RegressionTest } from '../waf/regression/test-case.ts'
import { loadRuleSet } from '../waf/rule-set.ts'
import { formatProblem } from '../waf/seclang/format-problem.ts'
import { type OpenExchange, openInProcessExchange } from './in-process-exchange.ts'
import { openNetworkExchange } from './network-exchange.ts'
import { jsonOption } from './options.ts'
import { ReportedFailure } from './reported-failure.ts'
import { expandRules, readTestFile, readTestFiles } from './test-files.ts'

interface TestFlags {
  readonly config?: string
  readonly rules?: readonly string[]
  readonly url?: URL
  readonly log?: string
  readonly overrides?: string
  readonly json: boolean
  readonly tap: boolean
  readonly junit?: string
}

/** `acme-edge waf test`: go-ftw's tests, in this process or against a running edge; exit code 1 if any fails. */
export function wafTestCommand(): Command {
  return new Command('test')
    .summary('run tests of rules')
    .description(
      'Run tests of rules (go-ftw YAML) in this process, through the parser and the pipeline that live traffic goes ' +
        'through; or with --url against a running edge, judged by its error log. The last line counts the results.',
    )
    .argument('<tests...>', 'files, folders or globs')
    .option('-c, --config <file>', 'take the rules, the mode and the limits of this config')
    .addOption(new Option('--rules <file>', 'rule file, glob or @acme-edge; may be repeated').argParser(collect))
    .addOption(new Option('--url <url>', 'test the edge there instead').argParser(parseUrl))
    .option('--log <file>', "error log of the edge at --url (default: the config's)")
    .option('--overrides <file>', 'expectations that replace those of tests (go-ftw YAML)')
    .addOption(jsonOption().conflicts('tap'))
    .option('--tap', 'print TAP', false)
    .option('--junit <file>', "write JUnit's XML, too")
    .action(test)
}

async function test(patterns: readonly string[], flags: TestFlags): Promise<void> {
  const config = flags.config === undefined ? undefined : await loadConfig(flags.config)
  const loaded = loadTests(readTestFiles(patterns))
  warn(loaded.warnings)
  const tests = flags.overrides
    ? applyOverrides(loaded.tests, loadOverrides(readTestFile(flags.overrides)))
    : loaded.tests
  const { exchange, close } = await openExchange(flags, config)
  try {
    await report(tests, { flags, results: runTests(tests, exchange) })
  } finally {
    await close()
  }
}

function warn(warnings: readonly SourceProblem[]): void {
  for (const warning of warnings) process.stderr.write(`warning: ${formatProblem(warning)}\n`)
}

async function openExchange({ url, log, rules }: TestFlags, config: EdgeConfig | undefined): Promise<OpenExchange> {
  if (url !== undefined) {
    const errorLog = log ?? config?.waf.errorLog
    if (errorLog === undefined) throw new EdgeError('ACME_EDGE_USAGE', '--url needs --log, the error log of that edge')
    return openNetworkExchange(url, errorLog)
  }
  const files = rules === undefined ? config?.waf.rules : expandRules(rules)
  if (files === undefined) throw new EdgeError('ACME_EDGE_USAGE', 'give --rules or --config: which rules are tested?')
  const limits = config?.limits ?? toLimitsConfig(defaultLimits())
  const threads = new InspectionThreads({ count: limits.inspectionThreads })
  const loaded = await loadRuleSet({ files, mode: config?.waf.mode ?? 'block', offload: threads })
  const { exchange, close } = await openInProcessExchange(loaded, limits)
  return {
    exchange,
    async close() {
      await close()
      await threads.close()
    },
  }
}

interface Run {
  readonly flags: TestFlags
  readonly results: ReturnType<typeof runTests>
}

/** Prints as it goes. Throws ReportedFailure when a test failed. */
async function report(tests: readonly RegressionTest[], { flags, results }: Run): Promise<void> {
  const writers = openWriters(flags)
  const totals = { passed: 0, failed: 0, skipped: 0 }
  const write = (part: (format: ReportFormat) => string) => {
    for (const { format, print } of writers) print(part(format))
  }
  write((format) => format.begin(tests.length))
  let number = 0
  for await (const result of results) {
    totals[result.result]++
    number++
    write((format) => format.result(result, number))
  }
  write((format) => format.end())
  for (const { close } of writers) close()
  printSummary(summaryOf(totals), flags)
  if (totals.failed > 0) throw new ReportedFailure('tests failed')
}

/** What a program reads on standard output stays what it can read. */
function printSummary(summary: string, { json, tap }: TestFlags): void {
  if (json) process.stderr.write(`${summary}\n`)
  else process.stdout.write(`${tap ? '# ' : ''}${summary}\n`)
}

interface Writer {
  readonly format: ReportFormat
  readonly print: (text: string) => void
  readonly close: () => void
}

function openWriters({ json, tap, junit }: TestFlags): readonly Writer[] {
  const format = json ? jsonReport : tap ? tapReport : textReport
  const stdout = { format, print: (text: string) => void process.stdout.write(text), close: () => undefined }
  if (junit === undefined) return [stdout]
  const file = openReport(junit)
  return [stdout, { format: junitReport, print: (text) => void writeSync(file, text), close: () => closeSync(file) }]
}

function openReport(path: string): number {
  try {
    return openSync(path, 'w')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new EdgeError('ACME_EDGE_USAGE', `cannot write ${path}: ${why}`, { cause })
  }
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url
  throw new InvalidArgumentError('give a URL such as http://127.0.0.1:8080.')
}
