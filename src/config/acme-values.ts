import { isIP } from 'node:net'
import { parseHost } from './host-pattern.ts'
import { textOf, value, wrong } from './scalars.ts'

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
export const contactUrl = textOf<string>('a contact such as "mailto:ops@shop.example"', (text) => {
  if (/^mailto:[^\s@,?%]+@[^\s@,?%]+$/.test(text)) return value(text)
  const hint = /^[^\s@:,?]+@[^\s@,?]+$/.test(text) ? `; did you mean "mailto:${text.slice(0, 300)}"?` : ''
  return wrong(`${quote(text)} is not a contact: write mailto: and one address${hint}`)
})

/** A name that HTTP-01 can prove. */
export const certificateName = textOf<string>('a host name', (text) => {
  if (text.startsWith('*'))
    return wrong(`${quote(text)}: HTTP-01 cannot prove a wildcard (RFC 8555 §8.3): list the names`)
  const host = parseHost(text)
  if (host.kind === 'value' && isIP(host.value) !== 0) return wrong(`${quote(text)} is an address: write a host name`)
  return host
})

const quote = (text: string): string => JSON.stringify(text.slice(0, 300))
