import { Command, InvalidArgumentError, Option } from 'commander'
import { EdgeError } from '../errors.ts'
import { runDemo } from './run-demo.ts'

interface DemoFlags {
  readonly httpPort: number
  readonly httpsPort: number
}

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** `acme-edge demo`: CA, origin and edge on this machine, a certificate issued through the edge, requests to try. */
export function demoCommand(): Command {
  return new Command('demo')
    .summary('a complete edge on this machine, with a CA and an origin of its own')
    .description(
      'Starts a local CA with an ACME server, a small origin and the edge in front of it; issues a certificate for ' +
        'demo.localhost through the edge and prints three requests to try. Ctrl-C stops everything.',
    )
    .addOption(portOption('--http-port <port>', 'port of the edge for HTTP', { fallback: 8080, variable: 'PORT' }))
    .addOption(
      portOption('--https-port <port>', 'port of the edge for HTTPS', { fallback: 8443, variable: 'HTTPS_PORT' }),
    )
    .action(async ({ httpPort, httpsPort }: DemoFlags) => {
      if (httpPort === httpsPort) {
        throw new EdgeError('ACME_EDGE_USAGE', `--http-port and --https-port are both ${httpPort}: choose two ports`)
      }
      await runDemo({ httpPort, httpsPort, signal: stopRequested(), print: printLine })
    })
}

function portOption(flags: string, text: string, defaults: { fallback: number; variable: string }): Option {
  return new Option(flags, text).env(defaults.variable).default(defaults.fallback).argParser(parsePort)
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_535) throw new InvalidArgumentError('give a port from 1 to 65535.')
  return port
}

/**
 * Aborts with the first signal. Later ones change nothing, and the handlers stay: the terminal and npm both send each
 * Ctrl-C, and the second must not kill what is closing down.
 */
function stopRequested(): AbortSignal {
  const controller = new AbortController()
  for (const name of stopSignals) process.on(name, () => controller.abort())
  return controller.signal
}

function printLine(line: string): void {
  process.stdout.write(`${line}\n`)
}
