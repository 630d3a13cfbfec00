/** What the Content-Type says about a multipart body's boundary. */
export interface Boundary {
  /** Empty when there is an error. */
  readonly text: string
  readonly isQuoted: boolean
  /** White space after `boundary=` or after its value. */
  readonly hasWhitespace: boolean
  readonly error: string | undefined
}

/** No sender needs more; a longer one is meant for some other parser. */
const contentTypeLimit = 1024

/** Reads the one boundary parameter (RFC 2046 §5.1.1). Anything that two parsers could read differently is an error. */
export function parseBoundary(contentType: string): Boundary {
  const none = { text: '', isQuoted: false, hasWhitespace: false }
  if (contentType.length > contentTypeLimit) return { ...none, error: 'the Content-Type is too long' }
  const mentions = contentType.match(/boundary[\t ]*=/gi)?.length ?? 0
  if (mentions === 0) return { ...none, error: 'the Content-Type has no boundary' }
  // RFC 2231 lets a value come in pieces or in another character set: `boundary*0=`.
  if (/boundary\*/i.test(contentType)) return { ...none, error: 'the Content-Type has a boundary in pieces' }
  if (mentions > 1) return { ...none, error: 'the Content-Type has more than one boundary' }
  // In lower case only: a parser that compares the name with case would see no boundary.
  const match = /;[\t ]*boundary=([\t ]*)(?:"([^"\\]*)"|([^\t ;,"]+))([\t ]*)(?=;|$)/.exec(contentType)
  if (match === null) return { ...none, error: 'the boundary in the Content-Type is malformed' }
  const [, before = '', quoted, plain = '', after = ''] = match
  const text = quoted ?? plain
  const found = { text, isQuoted: quoted !== undefined, hasWhitespace: before !== '' || after !== '' }
  if (/^[0-9A-Za-z'()+_,./:=?-](?:[0-9A-Za-z'()+_,./:=? -]{0,68}[0-9A-Za-z'()+_,./:=?-])?$/.test(text)) {
    return { ...found, error: undefined }
  }
  return { ...found, text: '', error: 'the boundary is empty, too long or has bytes that RFC 2046 does not allow' }
}
