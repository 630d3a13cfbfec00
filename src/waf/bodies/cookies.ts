import type { Argument } from './body-parser.ts'

/**
 * Names and values of a Cookie header, undecoded; white space before a name and at the end of the header is dropped, a
 * member without `=` is a name.
 */
export function parseCookies(value: string): Argument[] {
  const cookies: Argument[] = []
  for (const member of value.slice(0, textEnd(value)).split(';')) {
    const text = member.replace(/^[\t ]+/, '')
    if (text === '') continue
    const equals = text.indexOf('=')
    cookies.push(
      equals < 0 ? { name: text, value: '' } : { name: text.slice(0, equals), value: text.slice(equals + 1) },
    )
  }
  return cookies
}

/** A regular expression for blanks at the end would take quadratic time on blanks in the middle. */
function textEnd(value: string): number {
  let end = value.length
  while (end > 0 && (value[end - 1] === ' ' || value[end - 1] === '\t')) end--
  return end
}
