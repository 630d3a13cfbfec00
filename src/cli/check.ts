import { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import { loadRuleSet } from '../waf/rule-set.ts'
import { formatWarning } from './format-warning.ts'
import { configOption, jsonOption } from './options.ts'

/** `acme-edge check`: everything that `run` would refuse about config and rules, without opening a socket. */
export function checkCommand(): Command {
  return new Command('check')
    .description(
      'Check a config and the rule files that it names; opens no socket. Prints every problem with its place.',
    )
    .addOption(configOption())
    .addOption(jsonOption())
    .action(check)
}

async function check({ config: path, json }: { config: string; json: boolean }): Promise<void> {
  const config = await loadConfig(path)
  const { ruleCount, warnings } = await loadRuleSet({ files: config.waf.rules, mode: config.waf.mode })
  const sites = config.sites.length
  if (json)
    process.stdout.write(`${JSON.stringify({ ok: true, config: config.file, sites, rules: ruleCount, warnings })}\n`)
  else
    process.stdout.write(
      `${warnings.map(formatWarning).join('')}${config.file} is fine: ${count(sites, 'site')}, ${count(ruleCount, 'rule')}\n`,
    )
}

const count = (amount: number, what: string): string => `${amount} ${what}${amount === 1 ? '' : 's'}`
