import * as asn1 from 'asn1js'

/** One element of BER or DER. */
export type Element = asn1.AsnType

/** Nested deeper, or of more elements, than any certificate file: made to keep a reader busy. */
const bounds = { maxDepth: 32, maxNodes: 20_000, parseEmbedded: false } as const

/** Something that is not what the format says; the message says where. */
export class FormatError extends Error {}

/** The one element that the bytes hold. */
export function parse(bytes: Uint8Array): Element {
  const { offset, result } = asn1.fromBER(new Uint8Array(bytes), bounds)
  if (offset === -1) throw new FormatError(`not BER: ${result.error}`)
  return result
}

export function children(element: Element | undefined): Element[] {
  const value = element !== undefined && 'value' in element.valueBlock ? element.valueBlock.value : undefined
  if (!Array.isArray(value)) throw new FormatError('an element that holds others is missing')
  return value as Element[] // the blocks that asn1js made
}

export function identifier(element: Element | undefined): string {
  if (element instanceof asn1.ObjectIdentifier) return element.valueBlock.toString()
  throw new FormatError('an object identifier is missing')
}

/** An octet string, also one with another tag (IMPLICIT) or in pieces (BER). */
export function octets(element: Element | undefined): Buffer {
  if (element instanceof asn1.OctetString) return Buffer.from(element.getValue())
  if (element instanceof asn1.Constructed) return Buffer.concat(children(element).map(octets))
  if (element instanceof asn1.Primitive) return Buffer.from(element.valueBlock.valueHexView)
  throw new FormatError('an octet string is missing')
}

/** A whole number that may not be larger: counts of iterations come from a stranger's file. */
export function integer(element: Element | undefined, max: number): number {
  if (!(element instanceof asn1.Integer)) throw new FormatError('a number is missing')
  const value = Number(element.toBigInt())
  if (value < 0 || value > max) throw new FormatError(`the number ${value} is out of bounds`)
  return value
}

export const isInteger = (element: Element | undefined): boolean => element instanceof asn1.Integer

export const encode = (element: Element): Buffer => Buffer.from(element.toBER())
