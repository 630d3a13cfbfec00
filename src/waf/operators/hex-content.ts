/** Snort's notation for bytes inside a phrase: `A|42 43|D` is `ABCD`. Bars around anything but hex pairs are bars. */
export function decodeHexContent(phrase: string): string {
  return phrase.replace(/\|((?:[0-9A-Fa-f]{2} ?)+)\|/g, (_match, pairs: string) =>
    Buffer.from(pairs.replaceAll(' ', ''), 'hex').toString('latin1'),
  )
}
