/** `redis://user:password@`: what stands between the colon and the `@`. */
const urlPassword = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:@/]*:)([^\s]*)(?=@)/gi

/** Keys whose value is a secret, as they are and as they are misspelt; a `…_file` names a place and is none. */
const secretKey = /(?<![\w-])[\w-]{0,64}?(?:hmac|mac_key|secret|passw)[\w-]{0,64}["']?[ \t]*:/gi
/** After the colon, perhaps in the next line: a block's mark, a tag, an anchor; then the value, bare ones to the end of the line. */
const secretValue = /\s*(?:[|>][+-]?\d?[+-]?\s+)?(?:[!&]\S*\s+)*("(?:[^"\\]|\\[\s\S])*"?|'[^']*'?|[^\r\n]+)/y

/** The text of a config with stars for its secrets. As long as before, line by line, so that places stay what they are. */
export function hideSecrets(text: string): string {
  const hidden = text.replace(urlPassword, (_, before: string, password: string) => before + starsFor(password))
  let shown = ''
  let shownUntil = 0
  for (const { 0: key, index } of hidden.matchAll(secretKey)) {
    secretValue.lastIndex = index + key.length
    const value = isPlace(key) ? undefined : secretValue.exec(hidden)?.[1]
    if (value === undefined || secretValue.lastIndex <= shownUntil) continue
    const from = Math.max(secretValue.lastIndex - value.length, shownUntil)
    shown += hidden.slice(shownUntil, from) + starsFor(hidden.slice(from, secretValue.lastIndex))
    shownUntil = secretValue.lastIndex
  }
  return shown + hidden.slice(shownUntil)
}

const isPlace = (key: string): boolean => /_file["']?[ \t]*:$/i.test(key)

const starsFor = (secret: string): string => secret.replace(/[^\r\n]/g, '*')
