import type { ParsedBody, PartPlace } from './bodies/body-parser.ts'
import type { Span } from './operators/operator.ts'
import type { PlacedPair } from './request-places.ts'

export interface PlacedFile {
  readonly field: Span
  readonly fileName: Span
  readonly content: Span
}

export interface BodyParts {
  readonly fields: readonly PlacedPair[]
  readonly files: readonly PlacedFile[]
}

/** Where the fields and files of a multipart body stand, `offset` being that of the body. */
export function locateBodyParts(parsed: ParsedBody, body: string, offset: number): BodyParts {
  const parameter = (place: PartPlace, name: string): number => offset + findParameter(body, place, name)
  return {
    fields: parsed.arguments.map(({ name, value, place = nowhere }) => ({
      name,
      nameOffset: parameter(place, 'name'),
      value,
      valueOffset: offset + place.contentOffset,
    })),
    files: parsed.files.map(({ field, fileName, sizeBytes, place }) => ({
      field: { offset: parameter(place, 'name'), length: field.length },
      fileName: { offset: parameter(place, 'filename'), length: fileName.length },
      content: { offset: offset + place.contentOffset, length: sizeBytes },
    })),
  }
}

const nowhere: PartPlace = { headOffset: 0, contentOffset: 0 }

/** Of a parameter's value in the part's head, behind the quotation mark. */
function findParameter(body: string, { headOffset, contentOffset }: PartPlace, name: string): number {
  const head = body.slice(headOffset, contentOffset)
  const found = new RegExp(`[;\\s]${name}="?`, 'i').exec(head)
  return headOffset + (found === null ? 0 : found.index + found[0].length)
}
