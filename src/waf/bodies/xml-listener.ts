/** Told of the parts of an XML document as they are read. What comes back is what is wrong with them, if anything. */
export interface XmlListener {
  open(name: string): string | undefined
  /** Of the element that was opened last. */
  attribute(name: string, value: string): void
  text(piece: string): void
  close(): string | undefined
}
