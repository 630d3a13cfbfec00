import { runProgram } from './cli/program.ts'

// `acme-edge rules | head`: a reader that has seen enough is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

process.exitCode = await runProgram(process.argv.slice(2))

// A handle that is still open (a log that cannot be flushed, a socket of a failed command) must not keep the process alive.
setTimeout(() => process.exit(), 2_000).unref()
