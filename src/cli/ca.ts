import { Command } from 'commander'
import { caInitCommand } from './ca-init.ts'
import { caRootCommand } from './ca-root.ts'
import { caServeCommand } from './ca-serve.ts'

/** `acme-edge ca …`: a CA for a development network, and its ACME server. */
export function caCommand(): Command {
  const command = new Command('ca')
    .summary('a CA of your own for a development network')
    .description('A CA of your own for a development network: its root, and an ACME server for other machines.')
    .helpCommand(false)
  return command.addCommand(caInitCommand()).addCommand(caRootCommand()).addCommand(caServeCommand())
}
