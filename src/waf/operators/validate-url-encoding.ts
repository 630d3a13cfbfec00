import type { OperatorWord } from './operator.ts'

/** Matches a value with a `%` that two hex digits do not follow. */
export const validateUrlEncoding: OperatorWord = {
  name: 'validateUrlEncoding',
  argument: 'none',
  compile: () => ({ test: (value) => /%(?![0-9A-Fa-f]{2})/.test(value) }),
}
