import { dirname, resolve } from 'node:path'
import { macroArgument } from '../actions/macro-argument.ts'
import { detach } from '../detach.ts'
import { compileMacro, hasMacro, isMacroText, type Macro, parseMacro } from '../macro.ts'
import { findOperator } from '../operators/index.ts'
import type { CompiledOperator, OperatorContext, OperatorRecipe, OperatorWord } from '../operators/operator.ts'
import type { OperatorNode } from '../seclang/ast.ts'
import { TextMemory } from '../text-memory.ts'
import type { TransactionState } from '../transaction-state.ts'
import type { Assembly } from './draft.ts'
import type { RuleOperator } from './program.ts'
import { reasonAgainst } from './refused-words.ts'
import { reject } from './rejection.ts'

/** Looks the operator up and compiles its argument; unknown words and bad arguments are rejected with their place. */
export function compileOperator(node: OperatorNode, sources: OperatorSources): RuleOperator {
  const word =
    findOperator(node.name.text) ??
    reject(node.name, `the operator "@${node.name.text}" is not supported${reasonAgainst('Operators', node.name.text)}`)
  const { text } = node.argument
  if (word.argument !== 'none' && text.trim() === '') reject(node.name, `"@${node.name.text}" lacks its argument`)
  const context = operatorContext(node, sources)
  const macro = operatorMacro(word, node)
  return {
    label: word.label ?? word.name.charAt(0).toUpperCase() + word.name.slice(1),
    argument: text,
    negated: node.negated,
    macro,
    resolve:
      macro === undefined
        ? compileWord(word, { text, context, isPassing: false })
        : withMacro(word, { text: compileMacro(macro, sources.names), context }),
  }
}

interface Argument {
  readonly text: string
  readonly context: OperatorContext
  /** It holds a transaction's own data. */
  readonly isPassing: boolean
}

/** An operator that can be made again elsewhere. */
function compileWord(word: OperatorWord, { text, context, isPassing }: Argument): CompiledOperator {
  const files: [string, string][] = []
  const datasets: [string, readonly string[]][] = []
  const recording: OperatorContext = {
    ...context,
    readFile(path) {
      const bytes = context.readFile(path)
      files.push([path, bytes])
      return bytes
    },
    dataset(name) {
      const entries = context.dataset(name)
      datasets.push([name, entries])
      return entries
    },
  }
  const recipe: OperatorRecipe = { word: word.name, argument: text, files, datasets, isPassing }
  return { ...word.compile(text, recording), recipe }
}

/** Where operators find what is too long for a rule. */
type OperatorSources = Pick<Assembly, 'readFile' | 'datasets' | 'names'>

function operatorContext({ argument }: OperatorNode, { readFile, datasets }: OperatorSources): OperatorContext {
  return {
    location: argument.location,
    readFile(path) {
      try {
        return readFile(resolve(dirname(argument.location.file), path))
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        return reject(argument, `the file "${path}" cannot be read: ${reason}`)
      }
    },
    dataset: (name) => datasets.get(name) ?? reject(argument, `no SecDataset before this rule has the name "${name}"`),
    fail: (message, offset) => reject(argument, message, offset),
  }
}

/** A regular expression may hold macros, too; there `%{2}` and the like are left alone. */
function operatorMacro(word: OperatorWord, { argument }: OperatorNode): Macro | undefined {
  if (word.argument === 'macro') return isMacroText(argument.text) ? macroArgument(argument) : undefined
  if (!hasMacro(argument.text)) return undefined
  const parsed = parseMacro(argument.text)
  return word.name === 'rx' && parsed.kind === 'macro' ? parsed.macro : undefined
}

interface PassingArgument {
  readonly text: (state: TransactionState) => string
  readonly context: OperatorContext
}

function withMacro(word: OperatorWord, { text, context }: PassingArgument): RuleOperator['resolve'] {
  // What a request puts into an argument differs between transactions, and can be long.
  const compiled = new TextMemory<CompiledOperator>({ most: 64, longest: 1024 })
  return (state) => {
    const argument = text(state)
    const known = compiled.get(argument)
    if (known !== undefined) return known
    const operator = compileWord(word, { text: detach(argument), context, isPassing: true })
    compiled.keep(argument, operator)
    return operator
  }
}
