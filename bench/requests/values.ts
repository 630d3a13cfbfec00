const words =
  `amber apple autumn basket beach bottle bridge bronze button candle canvas carpet cedar chair cherry clay coast copper
cotton cream crystal cushion daisy desk dinner dozen easel ember fabric feather fern field flannel forest frame garden
ginger glass globe granite harbor hazel honey indigo island ivory jacket jasmine kettle kitchen ladder lagoon lamp
lantern leather lemon lilac linen maple marble meadow mirror mitten monsoon mug napkin needle nickel north oak ocean
olive onyx orange orchard oval paper parcel pebble pepper picture pillow planter plum poplar pottery prairie quartz
quilt raven ribbon river rose rustic saffron satin scarf shelf silver sketch slate spruce stone studio summer sunset
tablet teapot terrace thread timber towel tulip velvet village violet walnut willow window winter wool yellow`.split(
    /\s+/,
  )
/** Of these no command of a shell and no word of SQL can be made, which rules would rightly find at times. */
const letters = 'hjkvwx'

/**
 * Plain values as shops see them, new ones each time. The same seed gives the same values, so both sides of a comparison and
 * both of two runs work on the same bytes.
 */
export class Values {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** From 0 up to, not including, `end`. */
  number(end: number): number {
    // mulberry32
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end)
  }

  digits(length: number): string {
    let text = String(1 + this.number(9))
    while (text.length < length) text += this.number(10)
    return text
  }

  hex(length: number): string {
    let text = ''
    while (text.length < length) text += this.number(16).toString(16)
    return text
  }

  word(): string {
    return words[this.number(words.length)] ?? ''
  }

  /** A word that hardly ever comes again: a dictionary's alone would. */
  name(): string {
    return `${this.word()}${this.letters(6)}`
  }

  words(count: number, separator = ' '): string {
    return Array.from({ length: count }, () => this.word()).join(separator)
  }

  letters(length: number): string {
    let text = ''
    while (text.length < length) text += letters[this.number(letters.length)]
    return text
  }
}
