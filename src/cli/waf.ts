import { Command } from 'commander'
import { wafLintCommand } from './waf-lint.ts'

/** `acme-edge waf …`: the commands for people who write rules. */
export function wafCommand(): Command {
  return new Command('waf').description('Work on SecLang rules.').helpCommand(false).addCommand(wafLintCommand())
}
