import { isMap } from 'yaml'
import type { ExternalAccountConfig } from './config.ts'
import { pathIn } from './paths.ts'
import { mapOf, optionalOrNone, type Reader, required } from './reader.ts'
import { type Parsed, scalar, textOf, value, wrong } from './scalars.ts'
import { invalid, note } from './source.ts'

/** Longer than any CA's; its own words for a customer, in an ASCII text (RFC 8555 §7.3.4). */
const kidPattern = /^[\x21-\x7e]{1,256}$/
/** RFC 8555 §7.3.4: base64url. Some CAs show it with padding, or as plain base64. */
const hmacKeyPattern = /^[A-Za-z0-9_+/-]{22,1024}={0,2}$/

/** `acme.eab`: exactly one of the key and the file that holds it. No message shows what stands there. */
export function externalAccountIn(folder: string): Reader<ExternalAccountConfig> {
  const keys = mapOf({
    kid: required(kidReader),
    hmac_key: optionalOrNone(hmacKeyReader),
    hmac_key_file: optionalOrNone(pathIn(folder)),
  })
  return {
    keys: keys.keys,
    read(place, source) {
      const { node, offset } = place
      if (!isMap(node)) return note(source, offset, 'expected the keys kid and hmac_key_file')
      const draft = keys.read(place, source)
      if (draft === invalid) return invalid
      const { kid, hmac_key: text, hmac_key_file: file } = draft
      if (text !== undefined && file === undefined) return { kid, hmacKey: { text } }
      if (file !== undefined && text === undefined) return { kid, hmacKey: { file } }
      return note(source, offset, 'write hmac_key_file (better: a config has more readers) or hmac_key, one of both')
    },
  }
}

const kidReader = textOf<string>("the CA's name for your account, in quotes", (text) =>
  kidPattern.test(text) ? value(text) : wrong('kid is up to 256 printable characters without a space'),
)

const hmacKeyReader: Reader<string> = scalar((raw): Parsed<string> => {
  if (typeof raw === 'string' && hmacKeyPattern.test(raw)) return value(raw)
  return wrong('hmac_key is not base64url of at least 128 bits: copy it from the CA, in quotes')
})
