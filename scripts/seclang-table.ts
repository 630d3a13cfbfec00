import { removalOptions } from '../src/waf/actions/ctl-removal.ts'
import { settingOptions } from '../src/waf/actions/ctl-settings.ts'
import { actionWords } from '../src/waf/actions/index.ts'
import { inertDirectives } from '../src/waf/compiler/directives-inert.ts'
import { ruleDirectives } from '../src/waf/compiler/directives-rules.ts'
import { settingDirectives } from '../src/waf/compiler/directives-settings.ts'
import { refusedWords } from '../src/waf/compiler/refused-words.ts'
import { operators } from '../src/waf/operators/index.ts'
import { transformations } from '../src/waf/transformations/index.ts'
import { variableWords } from '../src/waf/variables/index.ts'
import { coraza, type Kind, modsecurity, type Peer } from './seclang-peers.ts'

/** Known to the parser itself. */
const syntax = ['Include', 'SecAction', 'SecMarker', 'SecRule']

/** What acme-edge does with each word, in its own words for the documentation. */
export const ownWords: Readonly<Record<Kind, ReadonlyMap<string, string>>> = {
  Directives: new Map([
    ...[...syntax, ...Object.keys({ ...ruleDirectives, ...settingDirectives })].map((name) => [name, 'yes'] as const),
    ...Object.entries(inertDirectives).map(([name, { only }]) => [name, noEffect(only)] as const),
    ...refused('Directives'),
  ]),
  Variables: new Map([...supported(variableWords), ...refused('Variables')]),
  Operators: new Map([
    ...operators.map(
      (word) => [word.name, 'limitation' in word ? `never matches: ${word.limitation}` : 'yes'] as const,
    ),
    ...refused('Operators'),
  ]),
  Transformations: new Map(supported(transformations)),
  Actions: new Map([...supported(actionWords), ...refused('Actions')]),
  'Options of ctl': new Map([
    ...Object.keys({ ...settingOptions, ...removalOptions }).map((name) => [name, 'yes'] as const),
    ...refused('Options of ctl'),
  ]),
}

/** The table of one kind: each word that one of the three engines knows. */
export function wordTable(kind: Kind): string {
  const words = [...ownWords[kind]].toSorted(([left], [right]) => (left.toLowerCase() < right.toLowerCase() ? -1 : 1))
  const rows = words.map(([word, own]) => {
    const written = kind === 'Operators' ? `@${word}` : word
    return `| \`${written}\` | ${own} | ${peerSays(modsecurity, kind, word)} | ${peerSays(coraza, kind, word)} |`
  })
  return ['| word | acme-edge | ModSecurity 3 | Coraza |', '|---|---|---|---|', ...rows].join('\n')
}

/** Words of the other two that acme-edge has neither a meaning nor a reason for. */
export function unknownWords(kind: Kind): string[] {
  const known = new Set([...ownWords[kind].keys()].map((word) => word.toLowerCase()))
  const theirs = [modsecurity, coraza].flatMap(({ supported: yes, idle, refused: no }) => [
    ...yes[kind],
    ...idle[kind],
    ...no[kind],
  ])
  return theirs.filter((word) => !known.has(word.toLowerCase()))
}

function supported(words: readonly { readonly name: string }[]): [string, string][] {
  return words.map(({ name }) => [name, 'yes'])
}

function refused(kind: keyof typeof refusedWords): [string, string][] {
  return Object.entries<string>(refusedWords[kind]).map(([word, reason]) => [word, `refused: ${reason}`])
}

function noEffect(only: string | undefined): string {
  return only === undefined ? 'no effect' : `no effect; only \`${only}\` is taken`
}

function peerSays(peer: Peer, kind: Kind, word: string): string {
  const has = (words: readonly string[]): boolean => words.some((other) => other.toLowerCase() === word.toLowerCase())
  if (has(peer.supported[kind])) return 'yes'
  if (has(peer.idle[kind])) return 'no effect'
  return has(peer.refused[kind]) ? 'refused' : ''
}
