/** Name and file name of a multipart part (RFC 7578 §4.2); `undefined` where the parameter is absent. */
export interface Disposition {
  readonly name: string | undefined
  readonly fileName: string | undefined
  /** A quoted value is not followed by `;` or the end. */
  readonly missingSemicolon: boolean
  /** A single quote in a value without double quotes: some parsers take it for a quotation mark. */
  readonly invalidQuoting: boolean
  readonly error: string | undefined
}

/**
 * Reads the value of a Content-Disposition header. A second name or file name, `filename*` and unknown parameters are
 * errors: parsers differ in which value they take.
 */
export function parseDisposition(value: string): Disposition {
  const found = { name: undefined, fileName: undefined, missingSemicolon: false, invalidQuoting: false }
  const start = /^[\t ]*form-data[\t ]*(?=;|$)/i.exec(value)
  if (start === null) return { ...found, error: 'a Content-Disposition is not form-data' }
  return readParameters(value.slice(start[0].length))
}

function readParameters(text: string): Disposition {
  const parameter = /[\t ]*(;?)[\t ]*([^\t =;"]+)=(?:"((?:[^"\\]|\\[\s\S])*)"|([^\t ;"]*))[\t ]*/y
  const values = new Map<string, string>()
  let missingSemicolon = false
  let invalidQuoting = false
  const report = (error: string | undefined): Disposition => ({
    name: values.get('name'),
    fileName: values.get('filename'),
    missingSemicolon,
    invalidQuoting,
    error,
  })
  const end = text.replace(/(?:;[\t ]*)?$/, '').length
  while (parameter.lastIndex < end) {
    const match = parameter.exec(text)
    if (match === null) return report('a Content-Disposition is malformed')
    const [, semicolon, name = '', quoted, plain = ''] = match
    if (semicolon === '') missingSemicolon = true
    if (quoted === undefined && plain.includes("'")) invalidQuoting = true
    const key = name.toLowerCase()
    if (key !== 'name' && key !== 'filename') return report(`unsupported Content-Disposition parameter ${name}`)
    if (values.has(key)) return report(`a Content-Disposition has more than one ${key}`)
    values.set(key, quoted?.replace(/\\(["\\])/g, '$1') ?? plain)
  }
  return report(undefined)
}
