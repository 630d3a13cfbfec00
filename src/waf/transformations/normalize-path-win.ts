import { normalize } from './normalize-path.ts'
import type { TransformationWord } from './transformation.ts'

/** normalizePath after turning backslashes into slashes, as Windows does. */
export const normalizePathWin: TransformationWord = {
  name: 'normalizePathWin',
  transform: (value) => normalize(value.replaceAll('\\', '/')),
}
