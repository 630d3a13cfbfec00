import type { RuleIndex } from '../actions/action.ts'
import type { ChainDraft } from './draft.ts'

/** Answers which rules an id range, a tag or a msg means, as flags by rule index. */
export function indexRules(chains: readonly ChainDraft[]): RuleIndex {
  const pick = (isMeant: (chain: ChainDraft) => boolean): Uint8Array =>
    Uint8Array.from(chains, (chain) => (isMeant(chain) ? 1 : 0))
  return {
    byId: (ranges) => pick(({ id }) => ranges.some(({ first, last }) => id >= first && id <= last)),
    byTag: (pattern) =>
      pick(({ links }) => links.some(({ actions }) => actions.tags.some(({ source }) => pattern.test(source)))),
    byMessage: (pattern) =>
      pick(({ links }) =>
        links.some(({ actions }) => actions.message !== undefined && pattern.test(actions.message.source)),
      ),
  }
}
