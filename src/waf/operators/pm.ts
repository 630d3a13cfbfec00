import { buildAutomaton, findFirst, hasAny } from './aho-corasick.ts'
import { decodeHexContent } from './hex-content.ts'
import { type CompiledOperator, type OperatorWord, PROMPT_BYTES_ONE_PASS } from './operator.ts'

/** Any of the phrases, which white space separates, is somewhere in the value; upper and lower case are the same. */
export const pm: OperatorWord = {
  name: 'pm',
  argument: 'literal',
  compile: (argument, context) => {
    const phrases = decodeHexContent(argument)
      .split(/[\t\n\v\f\r ]+/)
      .filter((phrase) => phrase !== '')
    if (phrases.length === 0) context.fail('@pm needs at least one phrase')
    return matchPhrases(phrases)
  },
}

/** An operator that looks for many phrases in one pass; it captures the first one to end, as the rule spells it. */
export function matchPhrases(phrases: readonly string[]): CompiledOperator {
  const automaton = buildAutomaton(phrases)
  const spellings = new Map(phrases.map((phrase) => [lowerCase(phrase), phrase]))
  return {
    promptBytes: PROMPT_BYTES_ONE_PASS,
    requires: () => ({ kind: 'phrases', phrases }),
    test: (value) => hasAny(automaton, value),
    exec: (value) => {
      const found = findFirst(automaton, value)
      return found && { captures: [spellings.get(lowerCase(value.slice(found.offset, found.offset + found.length)))] }
    },
    locate: (value) => {
      const found = findFirst(automaton, value)
      return found === undefined ? [] : [found]
    },
  }
}

/** ASCII alone, as the automaton compares. */
function lowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase())
}
