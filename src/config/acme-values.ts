import { parseHost } from './host-pattern.ts'
import { type Parsed, textOf, value, wrong } from './scalars.ts'

/** The directory's URL. Plain http only on loopback: over a network anybody could answer in the CA's place. */
export const directoryUrl = textOf<string>('the URL of an ACME directory', (text) => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || !/^https?:\/\//i.test(text)) {
    return wrong(`${quote(text)} is not a URL: write https://host/path`)
  }
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    return wrong('the URL of a directory has no user, password or fragment')
  }
  const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)
  return url.protocol === 'https:' || loopback
    ? value(url.href)
    : wrong('a directory that is not on this machine needs https')
})

/** RFC 8555 §7.3: one address, no header fields. */
export function parseContact(text: string): Parsed<string> {
  if (/^mailto:[^\s@,?%]+@[^\s@,?%]+$/.test(text)) return value(text)
  const hint = /^[^\s@:,?]+@[^\s@,?]+$/.test(text) ? `; did you mean "mailto:${text.slice(0, 300)}"?` : ''
  return wrong(`${quote(text)} is not a contact: write mailto: and one address${hint}`)
}

export const contactUrl = textOf<string>('a contact such as "mailto:ops@shop.example"', parseContact)

/** A name that HTTP-01 can prove: a host or an address (RFC 8738). */
export const certificateName = textOf<string>('a host name or an address', (text) => {
  if (text.startsWith('*'))
    return wrong(`${quote(text)}: HTTP-01 cannot prove a wildcard (RFC 8555 §8.3): list the names`)
  return parseHost(text)
})

/** draft-ietf-acme-profiles: a name that the CA's directory offers; whether it does is known when it is asked. */
export const profileName = textOf<string>('the name of a profile such as "tlsserver"', (text) =>
  /^[A-Za-z0-9._-]{1,64}$/.test(text) ? value(text) : wrong(`${quote(text)} is not the name of a profile`),
)

export const chainName = textOf<string>('the common name of an issuer such as "ISRG Root X1"', (text) =>
  /^[\x20-\x7e]{1,100}$/.test(text) ? value(text) : wrong(`${quote(text)} is not the common name of an issuer`),
)

const quote = (text: string): string => JSON.stringify(text.slice(0, 300))
