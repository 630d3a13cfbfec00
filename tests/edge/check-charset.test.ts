import t from 'tap'
import { checkCharset } from '../../src/edge/check-charset.ts'

t.test('character sets that hide an attack are refused, and those that nobody knows', (t) => {
  const opaque = [
    ...['utf-7', 'UTF7', '"utf-16le"', 'utf-32', "'ucs-2", 'UCS4', 'ibm037', 'unicode-1-1-utf-7', 'unicode', 'UTF_16'],
    ...['ibm500', 'cp1047', 'ebcdic-us', 'x-utf-16le-bom', 'iso-10646-ucs-2', 'csUnicode', 'hz-gb-2312', 'iso-2022-kr'],
    ...['utf-8; charset=utf-16', 'utf-8;charset="ibm037"', 'utf\\-16', 'utf-8-x', 'nothing-known'],
  ]
  for (const charset of opaque) {
    const headers = ['Content-Type', `text/html; charset = ${charset}`]
    t.throws(() => checkCharset(headers), { code: 'ACME_EDGE_REQUEST_CODING', status: 415 }, charset)
  }
  t.throws(() => checkCharset(['Content-Type', "a/b; charset*=utf-8''utf-16"]), {
    code: 'ACME_EDGE_REQUEST_CODING',
    status: 415,
  })
  t.throws(() => checkCharset(['Content-Type', 'a/b; charset*0=utf-; charset*1=16']), {
    code: 'ACME_EDGE_REQUEST_CODING',
    status: 415,
  })
  t.throws(() => checkCharset(['Content-Type', 'a/b', 'content-type', 'a/b;charset=utf-16']), {
    code: 'ACME_EDGE_REQUEST_CODING',
    status: 415,
  })
  for (const charset of [
    'utf-8',
    'UTF8',
    'iso-8859-1',
    'ISO_8859-15',
    'us-ascii',
    '"windows-1252"',
    'Shift_JIS',
    'gbk',
    '',
  ]) {
    t.doesNotThrow(() => checkCharset(['content-type', `text/plain;charset=${charset}`]), charset)
  }
  t.doesNotThrow(() => checkCharset([]))
  t.end()
})
