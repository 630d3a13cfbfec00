/** A transformation function: one-byte string in, one-byte string out; the very same string when nothing changes. */
export type Transform = (value: string) => string

/** One word of SecLang: `t:lowercase` … One file a transformation, one line in `index.ts`. */
export interface TransformationWord {
  /** As the reference manual spells it (`urlDecodeUni`); looked up without case. */
  readonly name: string
  readonly transform: Transform
}
