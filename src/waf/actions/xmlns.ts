import { reject } from '../compiler/rejection.ts'
import type { ActionWord } from './action.ts'

/** `xmlns:prefix=uri`: what a prefix stands for in the XPath expressions of the same rule. */
export const xmlns: ActionWord = {
  name: 'xmlns',
  argument: 'required',
  group: 'matching',
  apply(_, argument) {
    if (readNamespace(argument.text) === undefined) reject(argument, 'xmlns must be prefix=uri, with an absolute URI')
  },
}

/** Prefix and URI, which may stand in quotes; one without a scheme would be a slip that no document matches. */
export function readNamespace(text: string): readonly [prefix: string, uri: string] | undefined {
  const [, prefix, quoted, bare] = /^([\w.-]+)=(?:'([^']+)'|([^']+))$/.exec(text.trim()) ?? []
  const uri = quoted ?? bare ?? ''
  return prefix === undefined || !/^[a-z][a-z0-9+.-]*:./i.test(uri) ? undefined : [prefix, uri]
}
