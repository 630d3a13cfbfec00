import { Command, CommanderError } from 'commander'
import { EdgeError } from '../errors.ts'
import { version } from '../version.ts'
import { commandEntries } from './command-entries.ts'
import { exitCodeOf } from './exit-code.ts'
import { reportError } from './report-error.ts'
import { ReportedFailure } from './reported-failure.ts'

/**
 * Runs one command line (without node and script) and resolves with the exit code: 0 done, 1 the thing failed, 2 bad
 * usage or config. Never throws: what went wrong is printed, with `--json` as one JSON object on standard output.
 */
export async function runProgram(words: readonly string[]): Promise<number> {
  try {
    const program = await buildProgram(words)
    await program.parseAsync(words, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0 // --help and --version end this way
    if (error instanceof ReportedFailure) return 1
    const failure = error instanceof CommanderError ? usageError(error) : error
    reportError(failure, { json: words.includes('--json') })
    return exitCodeOf(failure)
  }
}

/** All commands, of which only the one that is called is loaded: the others would cost half of the start. */
async function buildProgram(words: readonly string[]): Promise<Command> {
  const program = new Command('acme-edge')
    .description('An edge proxy that gets its own certificates and inspects every request.')
    .version(version)
    .helpCommand(false)
  const called = words.find((word) => !word.startsWith('-'))
  for (const { name, summary, load } of commandEntries) {
    program.addCommand(name === called ? await load() : new Command(name).summary(summary).description(summary))
  }
  // `acme-edge` alone is a question, not a mistake in the middle of a script: help, but exit code 2.
  if (words.length === 0) program.action(() => program.help({ error: true }))
  throwInsteadOfExit(program)
  return program
}

/** Commander ends the process by itself otherwise, with code 1 for usage; its own message is printed by us. */
function throwInsteadOfExit(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => undefined })
  for (const child of command.commands) throwInsteadOfExit(child)
}

function usageError(error: CommanderError): EdgeError {
  const message = error.message.replace(/^error: /, '').replace(/\n+/g, ' ')
  const text = error.code === 'commander.help' ? 'no command given' : message
  return new EdgeError('ACME_EDGE_USAGE', text, { cause: error })
}
