import { Command } from 'commander'
import { wafLintCommand } from './waf-lint.ts'
import { wafTestCommand } from './waf-test.ts'

/** `acme-edge waf …`: the commands for people who write rules. */
export function wafCommand(): Command {
  const command = new Command('waf').description('Work on SecLang rules.').helpCommand(false)
  return command.addCommand(wafLintCommand()).addCommand(wafTestCommand())
}
