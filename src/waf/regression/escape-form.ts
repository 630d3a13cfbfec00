/**
 * Escapes names and values of a form, unless unescaping it would change it: then it is believed to be escaped already.
 * Tests are written either way.
 */
export function escapeForm(body: Buffer): Buffer {
  const text = body.toString('latin1')
  if (/[%+]/.test(text)) return body
  const fields = text.split('&').map(escapeField)
  if (fields.at(-1) === '') fields.pop()
  return Buffer.from(fields.join('&'), 'latin1')
}

/** The first `=` divides; later ones belong to the value. */
function escapeField(field: string): string {
  const divider = field.indexOf('=')
  if (divider === -1) return escapeText(field)
  return `${escapeText(field.slice(0, divider))}=${escapeText(field.slice(divider + 1))}`
}

function escapeText(text: string): string {
  return text.replace(/[^A-Za-z0-9._~-]/g, (byte) => {
    if (byte === ' ') return '+'
    return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
  })
}
