import { parseActionList } from './action-list.ts'
import { type DirectiveWords, splitDirective } from './arguments.ts'
import type { Node } from './ast.ts'
import { joinLines } from './lines.ts'
import type { Problem } from './location.ts'
import { type LogicalLine, locate, report, type Span, wordAt } from './logical-line.ts'
import { parseOperator } from './operator.ts'
import { sourceText } from './source-text.ts'
import { parseTargetList } from './targets.ts'

export interface ParsedFile {
  readonly nodes: Node[]
  /** Everything that is wrong with the file's form, in its order; a rule with a problem is not among the nodes. */
  readonly problems: Problem[]
}

/**
 * SecLang text → AST. Knows the form only: which variables, operators, actions and directives exist is the compiler's.
 *
 * @param text one-byte (latin1) string, so that columns count bytes
 * @param file the name that locations show
 */
export function parseSecLang(text: string, file: string): ParsedFile {
  const nodes: Node[] = []
  const problems: Problem[] = []
  let isRecovering = false
  for (const line of joinLines(sourceText(file, text), problems)) {
    if (isRecovering && !beginsDirective(line)) continue
    const words = splitDirective(line, problems)
    isRecovering = words === undefined
    const node = words && parseDirective(words, problems)
    if (node) nodes.push(node)
  }
  problems.sort((a, b) => a.location.line - b.location.line || a.location.column - b.location.column)
  return { nodes, problems }
}

/** Where reading goes on after a line that could not be cut into words: the rest of a broken rule is not told again. */
function beginsDirective(line: LogicalLine): boolean {
  return /^[ \t]*(?:Sec[A-Za-z]|Include[ \t])/i.test(line.text)
}

function parseDirective(words: DirectiveWords, problems: Problem[]): Node | undefined {
  const { line, start, end } = words.name
  switch (line.text.slice(start, end).toLowerCase()) {
    case 'secrule':
      return parseRule(words, problems)
    case 'secaction':
      return parseUnconditional(words, problems)
    case 'secmarker':
      return parseMarker(words, problems)
    default:
      return {
        kind: 'directive',
        location: locate(line, start),
        name: wordAt(words.name, start, end),
        arguments: words.arguments.map((span) => wordAt(span, span.start, span.end)),
      }
  }
}

/** `SecRule targets operator [actions]` */
function parseRule(words: DirectiveWords, problems: Problem[]): Node | undefined {
  const before = problems.length
  const [first, second, third] = readArguments(words, ['targets', 'an operator'], 3, problems)
  if (!first || !second) return undefined
  const targets = parseTargetList(first, problems)
  const operator = parseOperator(second, problems)
  const actions = third && rawSpan(third).trim() !== '' ? parseActionList(third, problems) : []
  if (!operator || problems.length > before) return undefined
  return {
    kind: 'rule',
    location: locate(first.line, words.name.start),
    targets,
    operator,
    actions,
    raw: rawText(words),
  }
}

/** `SecAction actions` */
function parseUnconditional(words: DirectiveWords, problems: Problem[]): Node | undefined {
  const before = problems.length
  const [list] = readArguments(words, ['actions'], 1, problems)
  if (!list) return undefined
  const actions = parseActionList(list, problems)
  if (problems.length > before) return undefined
  return { kind: 'action', location: locate(list.line, words.name.start), actions, raw: rawText(words) }
}

/** `SecMarker label` */
function parseMarker(words: DirectiveWords, problems: Problem[]): Node | undefined {
  const [span] = readArguments(words, ['a label'], 1, problems)
  if (!span) return undefined
  const label = wordAt(span, span.start, span.end)
  if (label.text.trim() !== '') return { kind: 'marker', location: locate(span.line, words.name.start), label }
  report(problems, span.line, span.start, 'the label is empty')
  return undefined
}

/** The arguments, when all that must be there are and none is too many; a comment may follow the last possible one. */
function readArguments(words: DirectiveWords, required: readonly string[], most: number, problems: Problem[]): Span[] {
  const { line, start, end } = words.name
  const name = line.text.slice(start, end)
  const missing = required[words.arguments.length]
  if (missing !== undefined) {
    report(problems, line, line.text.trimEnd().length, `${name} lacks ${missing}`)
    return []
  }
  const excess = words.arguments[most]
  if (excess && line.text[excess.start] !== '#') {
    const place = excess.start - excess.quote.length
    report(
      problems,
      line,
      place,
      `${name} takes at most ${most} argument${most === 1 ? '' : 's'}; this one is too many`,
    )
    return []
  }
  return words.arguments.slice(0, most)
}

function rawSpan(span: Span): string {
  return span.line.text.slice(span.start, span.end)
}

function rawText(words: DirectiveWords): string {
  return words.name.line.text.slice(words.name.start).trimEnd()
}
