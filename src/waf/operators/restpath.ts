import type { OperatorContext, OperatorWord } from './operator.ts'
import { compilePattern } from './pattern.ts'

/** Coraza's form of a path with names for its parts: `/users/{id}/posts/{post}`. They become members of ARGS_PATH. */
export const restpath: OperatorWord = {
  name: 'restpath',
  argument: 'literal',
  compile: (argument, context) => {
    const { pattern, names } = readTemplate(argument, context)
    const { regex, groups } = compilePattern(pattern, context)
    return {
      test: (value) => regex.test(value),
      name: (value) => {
        const match = regex.exec(value)
        return names.map((name, index) => [name, match?.[groups[index + 1] ?? 0] ?? ''])
      },
    }
  },
}

/** What stands between the braces is a name, what stands around them a regular expression without groups of its own. */
function readTemplate(argument: string, context: OperatorContext): { pattern: string; names: string[] } {
  const names: string[] = []
  const pattern = argument.replace(
    /\{([^{}]*)\}|\\.|([({])/gs,
    (text, name: string | undefined, other, offset: number) => {
      if (other === '{') return context.fail('a name in braces is not closed', offset)
      if (other === '(') return context.fail('@restpath takes no groups but names in braces', offset)
      if (name === undefined) return text
      if (!/^[A-Za-z_][\w-]*$/.test(name)) return context.fail('a name in braces has letters, digits, - and _', offset)
      if (names.includes(name)) return context.fail(`the name ${name} is there twice`, offset)
      names.push(name)
      return '([^?/]+)'
    },
  )
  if (names.length === 0) context.fail('@restpath needs a name in braces')
  return { pattern, names }
}
