import { readAttributes } from './read-attributes.ts'

/** Elements that run, load or embed something else, in HTML, SVG, MathML and in browsers of old. */
const elements = new Set(
  [
    'script iframe frame frameset object embed applet base link meta style svg math xml xss import layer ilayer isindex',
    'bgsound portal vmlframe listener handler event-source foreignobject animation htmlfile',
  ].flatMap((names) => names.split(' ')),
)

const deepest = 1

const tagName = /[a-z][^\0-\x20/>]*/iy

/**
 * Whether text holds markup that runs script, read as HTML §13.2.5 reads it. What comments and quoted attribute values
 * hold is read once more as text, since browsers disagree where these end.
 */
export function hasDangerousMarkup(text: string, depth: number): boolean {
  let at = text.indexOf('<')
  while (at >= 0) {
    const found = readMarkup(text, at, depth)
    if (found === 'dangerous') return true
    at = text.indexOf('<', found)
  }
  return false
}

/** Reads what begins with the `<` at `start`; its end, unless it is dangerous. */
function readMarkup(text: string, start: number, depth: number): number | 'dangerous' {
  const next = text[start + 1] ?? ''
  if (next === '!') return readDeclaration(text, start, depth)
  if (next === '?' || next === '%') return readBogusComment(text, start + 2, depth)
  const nameStart = next === '/' ? start + 2 : start + 1
  tagName.lastIndex = nameStart
  if (!tagName.test(text)) return next === '/' ? readBogusComment(text, nameStart, depth) : start + 1
  const nameEnd = tagName.lastIndex
  if (next !== '/' && isDangerousElement(text.slice(nameStart, Math.min(nameEnd, nameStart + 64)))) return 'dangerous'
  const attributes = readAttributes(text, nameEnd, 'own')
  if (attributes.isDangerous) return 'dangerous'
  return depth < deepest && attributes.nested.some((value) => hasDangerousMarkup(value, depth + 1))
    ? 'dangerous'
    : attributes.end
}

/** The name with or without a prefix (`x:script`, `svg:a`), and with a quote, which some browsers take for its end. */
function isDangerousElement(name: string): boolean {
  const plain = name.toLowerCase().replace(/["'`<\x0b\x80-\xff].*$/s, '')
  return (
    elements.has(plain) || elements.has(plain.slice(plain.lastIndexOf(':') + 1)) || /^(?:svg|xsl|math|vml):/.test(plain)
  )
}

function readDeclaration(text: string, start: number, depth: number): number | 'dangerous' {
  if (text.startsWith('--', start + 2)) {
    const close = text.indexOf('-->', start + 4)
    return judgeComment(
      text.slice(start + 4, close < 0 ? text.length : close),
      close < 0 ? text.length : close + 3,
      depth,
    )
  }
  if (text.slice(start + 2, start + 9) === '[CDATA[') return start + 9
  const isDoctype = text.slice(start + 2, start + 9).toLowerCase() === 'doctype'
  const bracket = isDoctype ? text.slice(start, text.indexOf('>', start) + 1) : ''
  if (/\[|entity/i.test(bracket)) return 'dangerous'
  return readBogusComment(text, start + 2, depth)
}

function readBogusComment(text: string, from: number, depth: number): number | 'dangerous' {
  const close = text.indexOf('>', from)
  return judgeComment(text.slice(from, close < 0 ? text.length : close), close < 0 ? text.length : close + 1, depth)
}

/** Internet Explorer runs conditional comments and processing instructions; a backtick ends an attribute there. */
function judgeComment(comment: string, end: number, depth: number): number | 'dangerous' {
  if (
    /^\s*(?:\[if|import\b|entity\b|xml-stylesheet|xml:namespace)/i.test(comment) ||
    (comment.includes('`') && /[<=]/.test(comment))
  )
    return 'dangerous'
  return depth < deepest && hasDangerousMarkup(comment, depth + 1) ? 'dangerous' : end
}
