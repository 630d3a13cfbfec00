/**
 * Text of an XML document with its references replaced, as UTF-8 bytes; `undefined` where one is neither predefined
 * nor a character that XML 1.0 allows (§2.2, §4.1). Entities of a document's own do not exist: there is no DTD.
 */
export function replaceReferences(text: string): string | undefined {
  if (!text.includes('&')) return text
  let isValid = true
  const replaced = text.replace(reference, (_, name?: string, hex?: string, decimal?: string) => {
    const codePoint = name === undefined ? Number(hex === undefined ? decimal : `0x${hex}`) : predefined.get(name)
    if (codePoint !== undefined && isCharacter(codePoint)) return toUtf8(codePoint)
    isValid = false
    return ''
  })
  return isValid ? replaced : undefined
}

/** An ampersand always matches, so that one which begins no reference is seen. Zeros may stand before a number. */
const reference = /&(?:([A-Za-z]{1,8});|#x0*([0-9A-Fa-f]{1,6});|#0*([0-9]{1,7});)?/g

const predefined: ReadonlyMap<string, number> = new Map([
  ['lt', 0x3c],
  ['gt', 0x3e],
  ['amp', 0x26],
  ['apos', 0x27],
  ['quot', 0x22],
])

function isCharacter(codePoint: number): boolean {
  if (codePoint < 0x20) return codePoint === 0x09 || codePoint === 0x0a || codePoint === 0x0d
  if (codePoint >= 0xd800 && codePoint <= 0xdfff) return false
  return codePoint <= 0x10ffff && codePoint !== 0xfffe && codePoint !== 0xffff
}

function toUtf8(codePoint: number): string {
  if (codePoint < 0x80) return String.fromCharCode(codePoint) // nearly all: a body may have a hundred thousand of them
  return Buffer.from(String.fromCodePoint(codePoint), 'utf8').toString('latin1')
}
