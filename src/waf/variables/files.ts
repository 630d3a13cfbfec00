import type { UploadedFile } from '../bodies/body-parser.ts'
import { Cell, Entry } from '../entry.ts'
import { scalarVariable } from './scalar.ts'
import type { VariableWord } from './variable.ts'

/** File names as sent, by form field. */
export const files = fileVariable('FILES', (file) => file.fileName)
/** Names of the form fields that hold files. */
export const filesNames = fileVariable('FILES_NAMES', (file) => file.field)
export const filesSizes = fileVariable('FILES_SIZES', (file) => String(file.sizeBytes))
export const filesTmpContent = fileVariable('FILES_TMP_CONTENT', (file) => file.content)
export const multipartFilename = fileVariable('MULTIPART_FILENAME', (file) => file.fileName)

/** Names of all parts, files or not. */
export const multipartName: VariableWord = {
  name: 'MULTIPART_NAME',
  shape: 'collection',
  settled: 2,
  read({ requestBody: { parsed } }) {
    if (parsed.multipart === undefined) return []
    const names = [...parsed.arguments.map(({ name }) => name), ...parsed.files.map(({ field }) => field)]
    return names.map((name) => new Entry('MULTIPART_NAME', name, new Cell(name)))
  },
}

export const filesCombinedSize = scalarVariable('FILES_COMBINED_SIZE', 2, ({ requestBody }) => {
  return requestBody.parsed.files.reduce((bytes, file) => bytes + file.sizeBytes, 0)
})

/** Key: the part's name; value: the whole header line. */
export const multipartPartHeaders: VariableWord = {
  name: 'MULTIPART_PART_HEADERS',
  shape: 'collection',
  settled: 2,
  read({ requestBody }) {
    return requestBody.parsed.partHeaders.map((header) => {
      return new Entry('MULTIPART_PART_HEADERS', header.name, new Cell(header.value))
    })
  },
}

function fileVariable(name: string, read: (file: UploadedFile) => string): VariableWord {
  return {
    name,
    shape: 'collection',
    settled: 2,
    read: ({ requestBody }) =>
      requestBody.parsed.files.map((file) => new Entry(name, file.field, new Cell(read(file)))),
  }
}
