/** Longest piece of a rule file that a message repeats. */
const LONGEST = 40

/** Text of a rule file as a message shows it: quoted, cut, nothing but printable ASCII. */
export function describe(text: string): string {
  const code = text.charCodeAt(0)
  if (text.length === 1 && (code < 0x20 || code > 0x7e)) return `byte ${hex(code)}`
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
  return `"${shown.replace(/[^\x20-\x7e…]/g, (character) => `<${hex(character.charCodeAt(0))}>`)}"`
}

export function hex(code: number): string {
  return `0x${code.toString(16).padStart(2, '0')}`
}
