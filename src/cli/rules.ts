import { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import { listRules, type RuleSummary } from '../waf/rule-set.ts'
import { configOption, jsonOption } from './options.ts'

/** `acme-edge rules`: what the WAF would run, in the order in which it is loaded. */
export function rulesCommand(): Command {
  return new Command('rules')
    .description('List the rules that a config loads: id, phase, message and place.')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(printRules)
}

async function printRules({ config: path, json }: { config: string; json: boolean }): Promise<void> {
  const { waf } = await loadConfig(path)
  const rules = await listRules({ files: waf.rules, mode: waf.mode })
  const text = json ? JSON.stringify(rules.map(toJson)) : rules.map(toLine).join('\n')
  process.stdout.write(`${text}\n`)
}

function toJson({ id, phase, message, location }: RuleSummary): object {
  return { id, phase, msg: message === undefined ? null : decoded(message), file: location.file, line: location.line }
}

function toLine({ id, phase, message = '', location }: RuleSummary): string {
  const text = decoded(message).replace(/\p{Cc}/gu, '?') // a terminal gets no control characters from a rule file
  return `${String(id).padStart(7)}  phase ${phase}  ${location.file}:${location.line}  ${text}`.trimEnd()
}

/** Rule files are read byte by byte. */
const decoded = (text: string): string => Buffer.from(text, 'latin1').toString()
