import t from 'tap'
import { parseXpath } from '../../../src/waf/xpath/parse-xpath.ts'

const namespaces = new Map([['s', 'urn:s']])

t.test('paths, names, predicates', async (t) => {
  t.same(parseXpath("/s:Envelope//*[@id='1'][text()]/text()", namespaces), {
    kind: 'steps',
    steps: [
      {
        axis: 'child',
        test: { kind: 'element', name: { kind: 'of namespace', uri: 'urn:s', local: 'Envelope' } },
        predicates: [],
      },
      {
        axis: 'descendant',
        test: { kind: 'element', name: { kind: 'any' } },
        predicates: [
          { kind: 'has attribute', name: { kind: 'without namespace', local: 'id' }, value: '1' },
          { kind: 'has text' },
        ],
      },
      { axis: 'child', test: { kind: 'text' }, predicates: [] },
    ],
  })
})

t.test('what is not supported is named with its place', async (t) => {
  const invalid: readonly (readonly [expression: string, offset: number, message: RegExp])[] = [
    ['a/b', 0, /begins with \/ or \/\//],
    ['/a/', 3, /this part of XPath/],
    ['/a[1]', 2, /this predicate/],
    ['/a[last()]', 2, /this predicate/],
    ['/a|/b', 2, /begins with/],
    ['/a/..', 3, /this part/],
    ['/a/child::b', 3, /this part/],
    ['/a/count(b)', 3, /this part/],
    ['/@a/b', 3, /no step follows/],
    ['//text()/a', 8, /no step follows/],
    ['/x:a', 1, /prefix "x"/],
    ['/a[@x:b]', 2, /prefix "x"/],
    ["/a[local-name()='b]", 2, /this predicate/],
  ]
  for (const [expression, offset, message] of invalid) {
    const result = parseXpath(expression, namespaces)
    t.match(result, { kind: 'invalid', message }, expression)
    if (result.kind === 'invalid' && !/no step/.test(result.message)) t.equal(result.offset, offset, expression)
  }
})
