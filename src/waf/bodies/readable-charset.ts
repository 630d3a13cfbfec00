/**
 * Character sets in which every ASCII byte that stands alone means its character, so that an attack looks like one (the
 * second byte of a pair may be one that ASCII has, too).
 */
const readable = new RegExp(
  `^(?:${[
    'utf-?8',
    '(?:us-)?ascii',
    'iso[-_]?8859[-_](?:[1-9]|1[0-6])(?:-[ei])?',
    'latin-?[1-9]',
    '(?:windows|cp|x-cp)-?(?:125[0-8]|874|932|936|949|950|31j)',
    'koi8-(?:r|u|ru)',
    'mac(?:intosh)?|x-mac-(?:roman|cyrillic)',
    'tis-620',
    'euc-(?:jp|kr|cn|tw)',
    'gb2312|gbk|gb18030|gb_2312-80',
    'big5(?:-hkscs)?',
    'shift[-_]jis|sjis|x-sjis',
    'ks_c_5601-1987',
    '', // none said
  ].join('|')})$`,
  'i',
)

/**
 * Whether a Content-Type names no character set, or only such as the WAF can read. In UTF-16, UTF-7 or EBCDIC an attack does
 * not look like one byte for byte; of two that differ an origin may believe either (CRS CVE-2026-21876 is of this kind).
 */
export function isReadableCharset(contentType: string): boolean {
  for (const [, extension, value = ''] of contentType.matchAll(/charset(\*?)[\d*]*\s*=\s*["']?\s*([^"';,\s]*)/gi)) {
    if (extension !== '' || !readable.test(value)) return false
  }
  return true
}
