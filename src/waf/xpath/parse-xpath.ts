/** Which nodes a step goes to. Names are of a namespace, `undefined` being none. */
export type NodeTest = { readonly kind: 'text' } | { readonly kind: 'element' | 'attribute'; readonly name: NameTest }

export type NameTest =
  | { readonly kind: 'any' }
  | { readonly kind: 'of namespace'; readonly uri: string; readonly local: string | undefined }
  | { readonly kind: 'without namespace'; readonly local: string }

export type Predicate =
  | { readonly kind: 'has text' }
  | { readonly kind: 'has attribute'; readonly name: NameTest; readonly value: string | undefined }
  | { readonly kind: 'local name'; readonly value: string }

export interface Step {
  readonly axis: 'child' | 'descendant'
  readonly test: NodeTest
  readonly predicates: readonly Predicate[]
}

export type XpathResult =
  | { readonly kind: 'steps'; readonly steps: readonly Step[] }
  | { readonly kind: 'invalid'; readonly message: string; readonly offset: number }

/**
 * The part of XPath 1.0 that rules need: paths from the root of names, `*`, `@name`, `text()` and `//`, and the predicates
 * `[text()]`, `[@name]`, `[@name='value']` and `[local-name()='name']`. Anything else is invalid.
 *
 * @param namespaces what the rule's `xmlns` actions say: URI by prefix
 */
export function parseXpath(source: string, namespaces: ReadonlyMap<string, string>): XpathResult {
  try {
    return { kind: 'steps', steps: new XpathParser(source, namespaces).parse() }
  } catch (error) {
    if (!(error instanceof XpathError)) throw error
    return { kind: 'invalid', message: error.message, offset: error.offset }
  }
}

/** Thrown and caught in this file. */
class XpathError extends Error {
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

const name = String.raw`[A-Za-z_\x80-\xff][A-Za-z0-9_.\-\x80-\xff]*`
const tokens = {
  axis: /\/\/|\//y,
  text: /text\(\)/y,
  nameTest: new RegExp(String.raw`(@?)(?:(${name}):)?(\*|${name})(?![\w:(.-])`, 'y'),
  hasText: /\[\s*text\(\)\s*\]/y,
  localName: /\[\s*local-name\(\)\s*=\s*(?:'([^']*)'|"([^"]*)")\s*\]/y,
  attribute: new RegExp(String.raw`\[\s*@(?:(${name}):)?(\*|${name})(?:\s*=\s*(?:'([^']*)'|"([^"]*)"))?\s*\]`, 'y'),
}

class XpathParser {
  readonly #source: string
  readonly #namespaces: ReadonlyMap<string, string>
  #position = 0

  constructor(source: string, namespaces: ReadonlyMap<string, string>) {
    this.#source = source
    this.#namespaces = namespaces
  }

  parse(): Step[] {
    const steps: Step[] = []
    do steps.push(this.#readStep(steps.at(-1)))
    while (this.#position < this.#source.length)
    return steps
  }

  #readStep(before: Step | undefined): Step {
    const [axis] = this.#match(tokens.axis) ?? this.#fail('a step of an XPath expression begins with / or //')
    if (before !== undefined && before.test.kind !== 'element') this.#fail('no step follows text() or an attribute', -1)
    const test = this.#readTest()
    const predicates: Predicate[] = []
    while (test.kind === 'element' && this.#source[this.#position] === '[') predicates.push(this.#readPredicate())
    return { axis: axis === '/' ? 'child' : 'descendant', test, predicates }
  }

  #readTest(): NodeTest {
    if (this.#match(tokens.text) !== undefined) return { kind: 'text' }
    const at = this.#position
    const [, mark, prefix, local = '*'] =
      this.#match(tokens.nameTest) ?? this.#fail('this part of XPath is not supported')
    return { kind: mark === '@' ? 'attribute' : 'element', name: this.#nameTest(prefix, local, at) }
  }

  #readPredicate(): Predicate {
    const at = this.#position
    if (this.#match(tokens.hasText) !== undefined) return { kind: 'has text' }
    const localName = this.#match(tokens.localName)
    if (localName !== undefined) return { kind: 'local name', value: localName[1] ?? localName[2] ?? '' }
    const [, prefix, local = '*', single, double] =
      this.#match(tokens.attribute) ?? this.#fail('this predicate of XPath is not supported')
    return { kind: 'has attribute', name: this.#nameTest(prefix, local, at), value: single ?? double }
  }

  #nameTest(prefix: string | undefined, local: string, at: number): NameTest {
    if (prefix === undefined) return local === '*' ? { kind: 'any' } : { kind: 'without namespace', local }
    const uri = this.#namespaces.get(prefix)
    if (uri === undefined) throw new XpathError(`no xmlns action of the rule declares the prefix "${prefix}"`, at)
    return { kind: 'of namespace', uri, local: local === '*' ? undefined : local }
  }

  #match(token: RegExp): RegExpExecArray | undefined {
    token.lastIndex = this.#position
    const match = token.exec(this.#source)
    if (match === null) return undefined
    this.#position += match[0].length
    return match
  }

  #fail(message: string, shift = 0): never {
    throw new XpathError(message, this.#position + shift)
  }
}
