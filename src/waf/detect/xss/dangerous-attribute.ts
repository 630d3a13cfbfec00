import type { Place } from './read-attributes.ts'
import { decodeEntities, isScriptUrl } from './script-url.ts'

/** English words that begin like the name of an event. */
const words = new Set([
  'one',
  'ones',
  'once',
  'only',
  'onto',
  'online',
  'onset',
  'onward',
  'onwards',
  'onboard',
  'ongoing',
  'onion',
  'ontology',
])

/** Attributes that hold markup or change what others mean. */
const markup = new Set([
  'srcdoc',
  'xlink:href',
  'ev:event',
  'ev:handler',
  'datasrc',
  'dataformatas',
  'datafld',
  'implementation',
  'fscommand',
  'seeksegmenttime',
])

const schemes = /[:;&]/

/** Whether an attribute runs script: an event handler, a link to script, a style that binds code, markup as a value. */
export function isDangerousAttribute(name: string, value: string, place: Place): boolean {
  if (/^on[a-z]{3,}/.test(name)) return place === 'own' || !words.has(name)
  if (name === 'style') return isActiveStyle(value)
  if (place === 'own' && (markup.has(name) || name.startsWith('xmlns'))) return true
  if (name === 'srcdoc' || name === 'formaction') return true
  if (name === 'attributename') return /^(?:xlink:)?href$|^on/i.test(value.trim())
  return schemes.test(value) && (isScriptUrl(value) || linksLater(name, value))
}

/** SVG animates a link through a list of values; `content` of a refresh has the link behind `url=`. */
function linksLater(name: string, value: string): boolean {
  if (name !== 'values' && name !== 'content') return false
  return value.split(/[;=]/, 64).some((part) => isScriptUrl(part))
}

/** CSS that fetches, binds or computes; escapes and comments hide just that. */
function isActiveStyle(value: string): boolean {
  const plain = decodeEntities(value)
  return /[\\(]|\/\*|behaviou?r|expression|binding|-o-link|@import|javascript|position\s*:/i.test(plain)
}
