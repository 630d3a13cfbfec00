import type { XmlAttribute, XmlDocument, XmlElement } from '../bodies/xml-document.ts'
import type { NameTest } from './parse-xpath.ts'

/** Declarations of namespaces at one element. */
interface Scope {
  readonly uris: ReadonlyMap<string, string>
  readonly outer: Scope | undefined
}

/** Which namespaces the names of a document are of. */
export class Names {
  readonly #elements: readonly XmlElement[]
  /** By element: its declarations, or those of the nearest element around it that has some. */
  readonly #scopes: (Scope | undefined)[] = []

  constructor({ elements }: XmlDocument) {
    this.#elements = elements
    for (const { attributes, parent } of elements) {
      const outer = this.#scopes[parent]
      const uris = new Map(attributes.filter(isDeclaration).map(({ name, value }) => [localPrefix(name), value]))
      this.#scopes.push(uris.size === 0 ? outer : { uris, outer })
    }
  }

  isElement(index: number, test: NameTest): boolean {
    const name = this.#elements[index]?.name ?? ''
    return fits(test, name, () => this.#find(index, prefixOf(name)))
  }

  /** An attribute without prefix is of no namespace; a declaration of one is no attribute. */
  isAttribute(index: number, attribute: XmlAttribute, test: NameTest): boolean {
    const prefix = prefixOf(attribute.name)
    if (isDeclaration(attribute)) return false
    return fits(test, attribute.name, () => (prefix === '' ? undefined : this.#find(index, prefix)))
  }

  /** What the nearest declaration of a prefix says; `xmlns=""` takes a default back. */
  #find(index: number, prefix: string): string | undefined {
    for (let scope = this.#scopes[index]; scope !== undefined; scope = scope.outer) {
      const uri = scope.uris.get(prefix)
      if (uri !== undefined) return uri === '' ? undefined : uri
    }
    return undefined
  }
}

export function localOf(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

function fits(test: NameTest, name: string, findUri: () => string | undefined): boolean {
  if (test.kind === 'any') return true
  if (test.local !== undefined && localOf(name) !== test.local) return false
  return findUri() === (test.kind === 'of namespace' ? test.uri : undefined)
}

function prefixOf(name: string): string {
  return name.slice(0, Math.max(0, name.indexOf(':')))
}

function isDeclaration({ name }: XmlAttribute): boolean {
  return name === 'xmlns' || name.startsWith('xmlns:')
}

/** `xmlns:p` declares p, `xmlns` the names without prefix. */
function localPrefix(name: string): string {
  return name === 'xmlns' ? '' : localOf(name)
}
