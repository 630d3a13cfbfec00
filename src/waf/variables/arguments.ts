import { Entry } from '../entry.ts'
import { namesOf } from './headers.ts'
import { scalarVariable } from './scalar.ts'
import type { VariableWord } from './variable.ts'

export const argsGet: VariableWord = {
  name: 'ARGS_GET',
  shape: 'collection',
  settled: 1,
  read: ({ request }) => request.arguments,
}

export const argsPost: VariableWord = {
  name: 'ARGS_POST',
  shape: 'collection',
  settled: 2,
  read: ({ requestBody }) => requestBody.arguments,
}

/** ARGS_GET, then ARGS_POST; the cells are theirs, so a value is transformed once for all three. */
export const args: VariableWord = {
  name: 'ARGS',
  shape: 'collection',
  settled: 2,
  read({ request, requestBody }) {
    const entries: Entry[] = []
    for (const { key, cell } of request.arguments) entries.push(new Entry('ARGS', key, cell))
    for (const { key, cell } of requestBody.arguments) entries.push(new Entry('ARGS', key, cell))
    return entries
  },
}

export const argsNames = namesOf('ARGS_NAMES', args)
export const argsGetNames = namesOf('ARGS_GET_NAMES', argsGet)
export const argsPostNames = namesOf('ARGS_POST_NAMES', argsPost)

/** Bytes of all names and values. */
export const argsCombinedSize = scalarVariable('ARGS_COMBINED_SIZE', 2, ({ request, requestBody }) => {
  let bytes = 0
  for (const { key = '', cell } of request.arguments) bytes += key.length + cell.raw.length
  for (const { key = '', cell } of requestBody.arguments) bytes += key.length + cell.raw.length
  return bytes
})
