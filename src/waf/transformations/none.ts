import type { TransformationWord } from './transformation.ts'

/** Leaves the value alone. In a rule it also forgets the transformations named before it; that is the compiler's part. */
export const none: TransformationWord = { name: 'none', transform: (value) => value }
