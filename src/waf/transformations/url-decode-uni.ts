import { bestFitAscii } from './best-fit-ascii.ts'
import type { TransformationWord } from './transformation.ts'

/** urlDecode plus Microsoft's `%uHHHH`, whose characters become the ASCII byte that IIS would make of them. */
export const urlDecodeUni: TransformationWord = {
  name: 'urlDecodeUni',
  transform: (value) =>
    value.replace(/\+|%(?:[uU]([0-9A-Fa-f]{4})|([0-9A-Fa-f]{2}))/g, (_match, wide?: string, narrow?: string) => {
      if (wide !== undefined) return String.fromCharCode(bestFitAscii(Number.parseInt(wide, 16)))
      return narrow === undefined ? ' ' : String.fromCharCode(Number.parseInt(narrow, 16))
    }),
}
