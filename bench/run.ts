import { benchEngine, engineOptions } from './engine/engine.ts'
import { parseOptions, UsageError } from './options.ts'

const [name, ...args] = process.argv.slice(2)
try {
  if (name === 'engine') await benchEngine(parseOptions(args, engineOptions))
  else await import('./pass-through.ts')
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
}
