import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { addCounts, type Counts, closingLine, createTapReader, exitCode } from './tap-reader.ts'

/** Longer than any test file takes; property runs of `full` take their time. */
const timeoutSeconds = process.env.ACME_EDGE_TEST_FULL === '1' ? 3_600 : 300
const silenceSeconds = timeoutSeconds + 60

const files = process.argv.slice(2)
const counts: Counts[] = []
counts.push(await check('types', ['tsc', '--noEmit']))
counts.push(await check('lint', ['biome', 'check', '.']))
counts.push(await runTap(['run', '--reporter=tap', `--timeout=${timeoutSeconds}`, ...files]))

const total = addCounts(counts)
console.log(closingLine(total))
process.exitCode = exitCode(total)

/** One check of the whole tree, which counts as one test. */
async function check(name: string, [command = '', ...words]: readonly string[]): Promise<Counts> {
  const code = await exitOf(spawn(command, words, { stdio: 'inherit' }))
  console.log(`${code === 0 ? 'ok' : 'not ok'} - ${name}`)
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 }
}

async function runTap(words: readonly string[]): Promise<Counts> {
  const child = spawn('tap', words, { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  const reader = createTapReader((line) => console.log(line))
  const lines = createInterface({ input: child.stdout })
  // tap ends a file that takes too long; one that hangs so that even this fails must not hang the whole run.
  const watchdog = setTimeout(() => stopGroup(child), silenceSeconds * 1000)
  lines.on('line', (line) => {
    watchdog.refresh()
    reader.line(line)
  })
  const interrupt = (): void => stopGroup(child)
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  const [code] = await Promise.all([exitOf(child), new Promise((resolve) => lines.once('close', resolve))])
  clearTimeout(watchdog)
  return reader.end(code)
}

/** tap and every test it started. */
function stopGroup({ pid }: ReturnType<typeof spawn>): void {
  if (pid === undefined) return
  console.log('stopped: all tests that still ran')
  process.kill(-pid, 'SIGKILL')
}

function exitOf(child: ReturnType<typeof spawn>): Promise<number> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      console.log(`cannot start: ${error.message}`)
      resolve(127)
    })
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
