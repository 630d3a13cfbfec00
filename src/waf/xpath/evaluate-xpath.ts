import type { XmlDocument, XmlElement } from '../bodies/xml-document.ts'
import { localOf, Names } from './names.ts'
import type { Predicate, Step } from './parse-xpath.ts'

/** The string values of the nodes that an expression selects, in document order. Its time is that of the document, a step. */
export function evaluateXpath(steps: readonly Step[], document: XmlDocument): string[] {
  const names = new Names(document)
  let selected: Uint8Array | undefined
  for (const step of steps) {
    const isContext = contextOf(document, selected, step.axis)
    if (step.test.kind !== 'element') return valuesOf(step, isContext, { document, names })
    selected = selectElements(step, isContext, { document, names })
  }
  return document.elements
    .filter((_, index) => selected?.[index] === 1)
    .map(({ textStart, textEnd }) => document.text.slice(textStart, textEnd))
}

/** Whether the nodes whose parent is that element (-1: the root) are reached. */
type Context = (parent: number) => boolean

/** @param selected by element; `undefined`: the root alone */
function contextOf({ elements }: XmlDocument, selected: Uint8Array | undefined, axis: Step['axis']): Context {
  if (axis === 'child') return (parent) => (selected === undefined ? parent === -1 : selected[parent] === 1)
  if (selected === undefined) return () => true
  const inside = new Uint8Array(elements.length)
  for (const [index, { parent }] of elements.entries()) {
    if (selected[index] === 1 || inside[parent] === 1) inside[index] = 1
  }
  return (parent) => inside[parent] === 1
}

interface Scene {
  readonly document: XmlDocument
  readonly names: Names
}

function selectElements(step: Step, isContext: Context, { document, names }: Scene): Uint8Array {
  const { test, predicates } = step
  const hasText = new Uint8Array(document.elements.length)
  for (const { parent } of document.texts) hasText[parent] = 1
  return Uint8Array.from(document.elements, (element, index) => {
    if (test.kind !== 'element' || !isContext(element.parent) || !names.isElement(index, test.name)) return 0
    return predicates.every((predicate) => holds(predicate, { index, hasText, names, element })) ? 1 : 0
  })
}

interface Candidate {
  readonly index: number
  readonly element: XmlElement
  readonly hasText: Uint8Array
  readonly names: Names
}

function holds(predicate: Predicate, { index, element, hasText, names }: Candidate): boolean {
  switch (predicate.kind) {
    case 'has text':
      return hasText[index] === 1
    case 'local name':
      return localOf(element.name) === predicate.value
    case 'has attribute':
      return element.attributes.some(
        (attribute) =>
          names.isAttribute(index, attribute, predicate.name) &&
          (predicate.value === undefined || attribute.value === predicate.value),
      )
    default:
      return predicate satisfies never
  }
}

/** The texts or attributes at the end of a path. */
function valuesOf({ axis, test }: Step, isContext: Context, { document, names }: Scene): string[] {
  if (test.kind === 'text') {
    return document.texts
      .filter(({ parent }) => isContext(parent))
      .map(({ start, end }) => document.text.slice(start, end))
  }
  if (test.kind !== 'attribute') return []
  const { name } = test
  return document.elements.flatMap((element, index) => {
    // `//@a` has those of the elements themselves, `/a/@b` those of the elements that the path has come to.
    const isReached = isContext(index) || (axis === 'descendant' && isContext(element.parent))
    if (!isReached) return []
    return element.attributes.filter((attribute) => names.isAttribute(index, attribute, name)).map(({ value }) => value)
  })
}
