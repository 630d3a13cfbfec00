import { resolve } from 'node:path'
import { Command } from 'commander'
import { shippedRules } from '../config/paths.ts'
import { loadRuleSet } from '../waf/rule-set.ts'
import { formatWarning } from './format-warning.ts'
import { jsonOption } from './options.ts'

/** `acme-edge waf lint`: every problem that loading these files together would be refused for; exit code 2 if any. */
export function wafLintCommand(): Command {
  return new Command('lint')
    .description('Check SecLang files, loaded together in this order. Prints every problem with its place.')
    .argument('<files...>', 'rule files; @acme-edge is the shipped set')
    .addOption(jsonOption())
    .action(lint)
}

async function lint(files: readonly string[], { json }: { json: boolean }): Promise<void> {
  const paths = files.map((file) => (file === '@acme-edge' ? shippedRules : resolve(file)))
  const { ruleCount, warnings } = await loadRuleSet({ files: paths, mode: 'block' })
  if (json) process.stdout.write(`${JSON.stringify({ ok: true, files: paths, rules: ruleCount, warnings })}\n`)
  else
    process.stdout.write(
      `${warnings.map(formatWarning).join('')}no problems: ${ruleCount} rules in ${paths.length} ${paths.length === 1 ? 'file' : 'files'}\n`,
    )
}
