import type { Argument } from './body-parser.ts'

/** Names and values of a Cookie header, undecoded; white space before a name is dropped, a member without `=` is a name. */
export function parseCookies(value: string): Argument[] {
  const cookies: Argument[] = []
  for (const member of value.split(';')) {
    const text = member.replace(/^[\t ]+/, '')
    if (text === '') continue
    const equals = text.indexOf('=')
    cookies.push(
      equals < 0 ? { name: text, value: '' } : { name: text.slice(0, equals), value: text.slice(equals + 1) },
    )
  }
  return cookies
}
