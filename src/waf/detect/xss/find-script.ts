import { readPatternTree } from '../../prefilter/pattern-tree.ts'
import { readAttributes } from './read-attributes.ts'
import { hasDangerousMarkup } from './scan-markup.ts'
import { isScriptUrl } from './script-url.ts'

/** Sound: markup needs `<`, an attribute `=`, a script URL `:`, plain or as an entity. */
export const markup = readPatternTree('[<=:&]')

/**
 * Whether a value would run script in a page that shows it: as text, inside a tag, or inside an attribute's value, which
 * the first quote of its kind ends. Each way is one pass over the value.
 */
export function findScript(value: string): boolean {
  if (!/[<=:&]/.test(value)) return false
  const text = value.includes('\0') ? value.replaceAll('\0', '') : value
  if (text.includes('<') && hasDangerousMarkup(text, 0)) return true
  return isCallableUrl(text) || (text.includes('=') && attributeStarts(text).some((from) => hasHandler(text, from)))
}

/** Where a tag's attributes go on, in a value that a page puts into that tag. */
function attributeStarts(text: string): number[] {
  const afterQuotes = ["'", '"', '`'].map((quote) => text.indexOf(quote) + 1).filter((from) => from > 0)
  return [0, ...afterQuotes]
}

function hasHandler(text: string, from: number): boolean {
  return readAttributes(text, from, 'injected').isDangerous
}

/** The value is all of a link: `javascript:alert(1)`, not the title of a book about JavaScript. */
function isCallableUrl(text: string): boolean {
  return /[(=`]|&[a-z#]/i.test(text) && isScriptUrl(text) && !/^[^:]*:\s/.test(text)
}
