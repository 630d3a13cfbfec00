/** As much of a URL as can hold a scheme, however it is written: it bounds the work on long values. */
const longestStart = 600

/** Whether a browser that follows the link runs what it says. Entities, blanks and control bytes are taken away first. */
export function isScriptUrl(value: string): boolean {
  const start = value.slice(0, longestStart)
  if (!/[:;]|&[#c]/i.test(start)) return false
  const plain = decodeEntities(start)
    .replace(/[\0-\x20\x7f-\xff]+/g, '')
    .toLowerCase()
  if (/^(?:feed:|view-source:|jar:|wyciwyg:)*(?:javascript|vbscript|livescript|mocha|ecmascript|jscript):/.test(plain))
    return true
  if (/^(?:view-source|mhtml|wyciwyg):/.test(plain)) return true
  return /^data:(?!image\/(?:png|jpe?g|gif|webp|bmp|x-icon|avif)|audio\/|video\/|font\/)/.test(plain)
}

const named: Readonly<Record<string, string>> = {
  colon: ':',
  tab: '\t',
  newline: '\n',
  lpar: '(',
  rpar: ')',
  sol: '/',
  amp: '&',
  quot: '"',
  apos: "'",
  lt: '<',
  gt: '>',
}

/** HTML's character references, as far as they matter in a scheme; without their semicolon too, as browsers read them. */
export function decodeEntities(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(
    /&(?:#x([0-9a-f]+)|#([0-9]+)|([a-z]+));?/gi,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return named[name.toLowerCase()] ?? whole
      const code = hex === undefined ? Number.parseInt(decimal ?? '', 10) : Number.parseInt(hex, 16)
      return code < 0x100 ? String.fromCharCode(code) : ' '
    },
  )
}
