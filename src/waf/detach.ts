/** V8 keeps shorter strings by value. */
const SHORTEST_SLICE = 13

/**
 * The same text in memory of its own. A string that was cut out of a body keeps the whole body alive: without this,
 * remembering one short value of each of a thousand large bodies would fill the machine.
 */
export function detach(text: string): string {
  return text.length < SHORTEST_SLICE ? text : Buffer.from(text, 'latin1').toString('latin1')
}
