import type { Masker } from './sanitised.ts'
import type { TransactionState } from './transaction-state.ts'

/** Part C: the request body as it came, decompressed; part I: the same, but of a multipart form its fields alone. */
export function auditedBody(state: TransactionState, part: 'C' | 'I', masker: Masker): string {
  const { requestBody, settings } = state
  const { argumentSeparator } = settings
  if (part === 'I' && requestBody.processor === 'MULTIPART') {
    const fields = requestBody.parsed.arguments.map(({ name, value }) => `${encode(name)}=${encode(value)}`)
    return masker.form(fields.join(argumentSeparator), argumentSeparator)
  }
  return requestBody.processor === 'URLENCODED'
    ? masker.form(requestBody.raw, argumentSeparator)
    : masker.derived(requestBody.raw)
}

/** Part J, in the form of ModSecurity 2: version 3 has none. */
export function auditedUploads({ requestBody }: TransactionState, masker: Masker): object {
  const { files } = requestBody.parsed
  return {
    info: files.map(({ field, fileName, sizeBytes }) => ({
      field_name: masker.text(field),
      file_name: masker.text(fileName),
      file_size: sizeBytes,
    })),
    total: files.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0),
  }
}

/** Bytes, not characters: a value is a one-byte string. */
function encode(text: string): string {
  return text.replace(/[^A-Za-z0-9._~-]/g, (char) => {
    return char === ' ' ? '+' : `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}
