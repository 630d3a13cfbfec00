import { type Command, Option } from 'commander'
import { EdgeError } from '../errors.ts'

/** What `--diagnose` goes by. */
export interface DiagnosisFlags {
  readonly config: string
  readonly json: boolean
  readonly dryRun: boolean
  readonly ca?: string
  readonly diagnose?: boolean
  readonly resolver?: readonly string[]
  readonly validationPort?: number
}

export function addDiagnosisOptions(command: Command): Command {
  return command
    .option('--diagnose', 'look at what the CA will look at, before the order and after a failure')
    .option('--resolver <address...>', 'with --diagnose: DNS servers to ask instead of those of this machine')
    .addOption(
      new Option(
        '--validation-port <port>',
        'with --diagnose: where a CA of your own asks, when not on port 80',
      ).argParser(parsePort),
    )
}

function parsePort(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port
  throw new EdgeError('ACME_EDGE_USAGE', `--validation-port takes a port from 1 to 65535, not ${text.slice(0, 40)}`)
}
