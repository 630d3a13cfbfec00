import fc from 'fast-check'
import t from 'tap'
import type { MultipartFlags } from '../../../src/waf/bodies/body-parser.ts'
import { parseMultipart } from '../../../src/waf/bodies/multipart.ts'
import { cpuMs } from '../../helpers/cpu-time.ts'
import { limits } from './limits.ts'

const contentType = 'multipart/form-data; boundary=XyZ1'

function field(disposition: string, content: string): string {
  return `--XyZ1\r\nContent-Disposition: ${disposition}\r\n\r\n${content}\r\n`
}

function part(header: string): string {
  return `--XyZ1\r\nContent-Disposition: form-data; name="a"\r\n${header}\r\n\r\n1\r\n`
}

/** Without the one that content may well have. */
function flagsOf(body: string, type = contentType): (keyof MultipartFlags)[] {
  const { multipart } = parseMultipart(body, type, limits)
  // Keys of MultipartFlags: the object is one.
  const names = Object.keys(multipart ?? {}) as (keyof MultipartFlags)[]
  return names.filter((name) => name !== 'dashedLine' && multipart?.[name])
}

const clean = `${field('form-data; name="a"', '1')}${field('form-data; name="b"', 'x\r\n--y')}--XyZ1--\r\n`

t.test('fields and files', (t) => {
  const upload =
    '--XyZ1\r\nContent-Disposition: form-data; name="f"; filename="a \\"b\\".txt"\r\nContent-Type: text/plain\r\n\r\n\0\xff\r\n\r\n'
  const parsed = parseMultipart(`${field('form-data; name="a"', '1')}${upload}--XyZ1--`, contentType, limits)
  t.strictSame(parsed.arguments, [{ name: 'a', value: '1', place: { headOffset: 8, contentOffset: 52 } }])
  const place = { headOffset: 63, contentOffset: 157 }
  t.strictSame(parsed.files, [{ field: 'f', fileName: 'a "b".txt', sizeBytes: 4, content: '\0\xff\r\n', place }])
  t.strictSame(parsed.partHeaders, [
    { name: 'a', value: 'Content-Disposition: form-data; name="a"' },
    { name: 'f', value: 'Content-Disposition: form-data; name="f"; filename="a \\"b\\".txt"' },
    { name: 'f', value: 'Content-Type: text/plain' },
  ])
  t.equal(parsed.error, undefined)
  t.end()
})

t.test('a part with an empty file name is a field', (t) => {
  // Go takes it as one: what it says must not go by as the content of a file.
  const parsed = parseMultipart(`${field('form-data; name="q"; filename=""', 'attack')}--XyZ1--`, contentType, limits)
  t.match(parsed.arguments, [{ name: 'q', value: 'attack' }])
  t.strictSame(parsed.files, [])
  t.end()
})

t.test('a clean body raises no flag', (t) => {
  t.strictSame(flagsOf(clean), [])
  t.equal(parseMultipart(clean, contentType, limits).error, undefined)
  t.match(parseMultipart(clean, contentType, limits).arguments[1], { name: 'b', value: 'x\r\n--y' })
  t.strictSame(flagsOf(`${field('form-data; name=plain; filename=', '')}--XyZ1--\r\n`), [])
  t.end()
})

const oddities: readonly (readonly [
  name: string,
  body: string,
  flags: readonly (keyof MultipartFlags)[],
  error: RegExp | undefined,
])[] = [
  ['no final boundary', field('form-data; name="a"', '1'), ['finalBoundaryMissing'], /final boundary is missing/],
  ['no boundary', 'a=1', ['dataBefore', 'finalBoundaryMissing'], /nowhere/],
  ['epilogue', `${clean}tail`, ['dataAfter'], undefined],
  ['a part after the final boundary', clean + clean, ['dataAfter', 'unmatchedBoundary'], undefined],
  ['preamble', `hello\r\n${clean}`, ['dataBefore'], undefined],
  ['LF only', clean.replaceAll('\r\n', '\n'), ['lfLine'], undefined],
  ['LF and CRLF', clean.replace('\r\n\r\n', '\n\n'), ['lfLine', 'crlfLfLines'], undefined],
  ['folded header', clean.replace('; name', ';\r\n name'), ['headerFolding'], undefined],
  [
    'folded by a vertical tab',
    clean.replace('; name', ';\r\n\v name'),
    ['headerFolding', 'invalidHeaderFolding', 'invalidPart'],
    /malformed/,
  ],
  ['folded before any header', '--XyZ1\r\n x\r\n\r\n1\r\n--XyZ1--', ['headerFolding', 'invalidPart'], /folded header/],
  ['other case', clean.replace('x\r\n--y', 'x\r\n--xyz1\r\ny'), ['unmatchedBoundary'], undefined],
  ['longer boundary', clean.replace('x\r\n--y', 'x\r\n--XyZ12\r\ny'), ['unmatchedBoundary'], undefined],
  ['after a bare CR', clean.replace('x\r\n--y', 'x\r--XyZ1\r\ny'), ['unmatchedBoundary'], undefined],
  ['space after a boundary', clean.replace('--XyZ1\r\n', '--XyZ1 \r\n'), [], /white space follows/],
  [
    'no disposition',
    '--XyZ1\r\nContent-Type: text/plain\r\n\r\n1\r\n--XyZ1--',
    ['invalidPart'],
    /no Content-Disposition/,
  ],
  ['no name', `${field('form-data', '1')}--XyZ1--`, ['invalidPart'], /with a name/],
  ['not form-data', `${field('attachment; name="a"', '1')}--XyZ1--`, ['invalidPart'], /not form-data/],
  ['filename*', `${field("form-data; name=a; filename*=UTF-8''x.php", '1')}--XyZ1--`, ['invalidQuoting'], /filename\*/],
  ['charset of a part', `${part('Content-Type: text/plain; charset=utf-16')}--XyZ1--`, [], /character set/],
  ['parts of its own', `${part('Content-Type: multipart/mixed; boundary=y')}--XyZ1--`, [], /parts of its own/],
  ['base64', `${part('Content-Transfer-Encoding: base64')}--XyZ1--`, [], /content-transfer-encoding/],
  ['quoted-printable', `${part('content-transfer-encoding:Quoted-Printable')}--XyZ1--`, [], /transfer-encoding/],
  ['a coding of a part', `${part('Content-Encoding: gzip')}--XyZ1--`, [], /content-encoding/],
  ['binary', `${part('Content-Transfer-Encoding: binary')}--XyZ1--`, [], undefined],
  ['a charset that can be read', `${part('Content-Type: text/plain; charset=utf-8')}--XyZ1--`, [], undefined],
  ['two names', `${field('form-data; name=a; NAME=b', '1')}--XyZ1--`, [], /more than one name/],
  [
    'two file names',
    `${field('form-data; name=a; filename=x; filename="y"', '1')}--XyZ1--`,
    [],
    /more than one filename/,
  ],
  ['unclosed quote', `${field('form-data; name="a', '1')}--XyZ1--`, [], /malformed/],
  ['many headers', clean.replace('\r\n\r\n', `\r\n${'X: y\r\n'.repeat(70)}\r\n`), [], /more than 64 headers/],
  ['single quotes', `${field("form-data; name='a'", '1')}--XyZ1--`, ['invalidQuoting'], undefined],
  ['no semicolon', `${field('form-data; name="a" filename="b"', '1')}--XyZ1--`, ['missingSemicolon'], undefined],
  [
    'two dispositions',
    clean.replace('\r\n\r\n', '\r\nContent-Disposition: form-data; name="z"\r\n\r\n'),
    [],
    /more than one content-disposition/,
  ],
  [
    'two content types',
    clean.replace('\r\n\r\n', '\r\nContent-Type: a/b\r\ncontent-type: c/d\r\n\r\n'),
    [],
    /more than one content-type/,
  ],
  ['no colon', clean.replace('\r\n\r\n', '\r\nnonsense\r\n\r\n'), [], /part header is malformed/],
  ['NUL in a header', clean.replace('\r\n\r\n', '\r\nX: \0\r\n\r\n'), [], /part header is malformed/],
  [
    'space before a colon',
    clean.replace('Content-Disposition:', 'Content-Disposition :'),
    ['invalidPart'],
    /part header is malformed/,
  ],
  ['long header', clean.replace('\r\n\r\n', `\r\nX: ${'x'.repeat(5_000)}\r\n\r\n`), [], /too long/],
  ['no empty line', '--XyZ1\r\nContent-Disposition: form-data; name="a"\r\n--XyZ1--', [], /no empty line/],
  ['empty part', '--XyZ1\r\n--XyZ1--\r\n', ['invalidPart'], /no empty line/],
]

t.test('what parsers read differently is flagged', (t) => {
  for (const [name, body, flags, error] of oddities) {
    t.strictSame(flagsOf(body).sort(), [...flags].sort(), name)
    const parsed = parseMultipart(body, contentType, limits)
    if (error === undefined) t.equal(parsed.error, undefined, `${name}: no error`)
    else t.match(parsed.error, error, `${name}: error`)
  }
  t.end()
})

t.test('a line that begins with two dashes', (t) => {
  const read = (content: string, end = '--XyZ1--\r\n') => {
    const { multipart } = parseMultipart(field('form-data; name="a"', content) + end, contentType, limits)
    return [multipart?.dashedLine, multipart?.unmatchedBoundary]
  }
  t.strictSame(read('x'), [false, false])
  t.strictSame(read('x --y'), [false, false])
  t.strictSame(read('-- \r\nErvin'), [true, false], 'is content as long as the body has its end')
  t.strictSame(read('x\r\n-----BEGIN'), [true, false])
  t.strictSame(read('x', '--XyZ2--\r\n'), [true, true], 'may have been meant as the end where there is none')
  t.strictSame(read('x\r\n--xyz1\r\ny'), [true, true], 'looks like the boundary')
  t.end()
})

t.test('boundaries in the Content-Type', (t) => {
  const types: readonly (readonly [
    type: string,
    error: RegExp | undefined,
    flags: readonly (keyof MultipartFlags)[],
  ])[] = [
    ['multipart/form-data; boundary="XyZ1"', undefined, ['boundaryQuoted']],
    ['multipart/form-data; boundary= XyZ1', undefined, ['boundaryWhitespace']],
    ['multipart/form-data;boundary=XyZ1; charset=utf-8', undefined, []],
    ['multipart/form-data', /no boundary/, []],
    ['multipart/form-data; boundary=XyZ1; boundary=b', /more than one/, []],
    ['multipart/form-data; boundary=XyZ1, boundary=b', /more than one/, []],
    ['multipart/form-data; Boundary=XyZ1', /malformed/, []],
    ['multipart/form-data; boundary =XyZ1', /malformed/, []],
    ['multipart/form-data; boundary=XyZ1; boundary*0=b', /in pieces/, []],
    ["multipart/form-data; boundary=XyZ1; boundary*=utf-8''b", /in pieces/, []],
    ['multipart/form-data, boundary=XyZ1', /malformed/, []],
    ['multipart/form-data; xboundary=XyZ1', /malformed/, []],
    ['multipart/form-data; boundary="XyZ1', /malformed/, []],
    ['multipart/form-data; boundary=XyZ1"', /malformed/, []],
    ['multipart/form-data; boundary="Xy"Z1', /malformed/, []],
    ['multipart/form-data; boundary=XyZ1 x', /malformed/, []],
    ['multipart/form-data; boundary=', /malformed/, []],
    ['multipart/form-data; boundary=""', /empty, too long/, ['boundaryQuoted']],
    ['multipart/form-data; boundary=XyZ!', /does not allow/, []],
    [`multipart/form-data; boundary=${'x'.repeat(71)}`, /too long/, []],
    [`multipart/form-data; boundary=XyZ1; x=${'x'.repeat(1_000)}`, /Content-Type is too long/, []],
  ]
  for (const [type, error, flags] of types) {
    const parsed = parseMultipart(clean, type, limits)
    if (error === undefined) t.equal(parsed.error, undefined, type)
    else t.match(parsed.error, error, type.slice(0, 80))
    t.strictSame(flagsOf(clean, type), flags, `${type.slice(0, 80)}: flags`)
    t.equal(parsed.arguments.length, error === undefined ? 2 : 0)
  }
  t.equal(
    parseMultipart(
      '--aboundary\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n--aboundary--',
      'multipart/form-data; boundary=aboundary',
      limits,
    ).error,
    undefined,
  )
  t.end()
})

t.test('limits', (t) => {
  const file = field('form-data; name="f"; filename="x"', 'x')
  const body = `${file.repeat(3)}${field('form-data; name="a"', '1')}${field('form-data; name="b"', '2')}--XyZ1--`
  const parsed = parseMultipart(body, contentType, { ...limits, fileCount: 2 })
  t.equal(parsed.files.length, 2)
  t.equal(parsed.multipart?.fileLimitExceeded, true)
  t.equal(parsed.arguments.length, 2, 'fields after the limit are still inspected')
  t.match(parseMultipart(body, contentType, { ...limits, argumentCount: 1 }).error, /more than 1 arguments/)
  t.equal(parseMultipart(body, contentType, { ...limits, argumentCount: 2 }).error, undefined)
  t.end()
})

t.test('a well-formed body comes back as it was put together', (t) => {
  const name = fc
    .string({ unit: fc.constantFrom(...'abc-_.[]; =é'), maxLength: 8 })
    .map((text) => Buffer.from(text, 'utf8').toString('latin1'))
  const content = fc.string({ unit: fc.constantFrom(...'ab-\r\n\0\xff"', '--', 'Xy'), maxLength: 20 })
  const property = fc.property(fc.array(fc.tuple(name, content), { minLength: 1, maxLength: 4 }), (fields) => {
    const body = `${fields.map(([key, value]) => field(`form-data; name="${key}"`, value)).join('')}--XyZ1--\r\n`
    const parsed = parseMultipart(body, contentType, limits)
    return (
      JSON.stringify(parsed.arguments.map(({ name, value }) => [name, value])) === JSON.stringify(fields) &&
      parsed.error === undefined
    )
  })
  const report = fc.check(property, { numRuns: 2_000 })
  t.comment(`seed ${report.seed}, ${report.numRuns} bodies`)
  t.notOk(report.failed, fc.defaultReportMessage(report) ?? '')
  t.end()
})

t.test('never throws on garbage', (t) => {
  const unit = fc.constantFrom(
    '--XyZ1',
    '--',
    '\r\n',
    '\n',
    '\r',
    'Content-Disposition:',
    ' form-data',
    '; name="a"',
    ';',
    '"',
    ' ',
    'x',
    '\0',
    ':',
  )
  const property = fc.property(fc.string({ unit, maxLength: 20 }), (body) => {
    const { multipart } = parseMultipart(body, contentType, limits)
    return multipart !== undefined
  })
  const report = fc.check(property, { numRuns: 5_000 })
  t.comment(`seed ${report.seed}, ${report.numRuns} bodies`)
  t.notOk(report.failed, fc.defaultReportMessage(report) ?? '')
  t.end()
})

t.test('a megabyte of hostile multipart takes less than 200 ms', (t) => {
  const size = 2 ** 20
  const seeds = [
    '--XyZ1\r\n',
    '--XyZ1',
    '\r\n',
    '--XyZ1\r\nA: b\r\n\r\n',
    'A:b\r\n',
    ' \r\n',
    '"',
    '\\"',
    '; name="a"',
    '; ',
    '-',
  ]
  for (const seed of seeds) {
    for (const head of ['', '--XyZ1\r\n', '--XyZ1\r\nContent-Disposition: form-data; name="']) {
      const body = head + seed.repeat(size / seed.length)
      const elapsedMs = cpuMs(() => parseMultipart(body, contentType, { ...limits, argumentCount: 1_000 }))
      t.ok(elapsedMs < 200, `${JSON.stringify(head)} ${JSON.stringify(seed)}: ${elapsedMs.toFixed(0)} ms`)
    }
  }
  t.end()
})
