import type { TransformationWord } from './transformation.ts'

/** Each C comment becomes one space; one that never ends takes the rest with it. */
export const replaceComments: TransformationWord = {
  name: 'replaceComments',
  transform: (value) => (value.includes('/*') ? replace(value) : value),
}

function replace(value: string): string {
  let result = ''
  let from = 0
  for (let open = value.indexOf('/*'); open !== -1; open = value.indexOf('/*', from)) {
    result += `${value.slice(from, open)} `
    const close = value.indexOf('*/', open + 2)
    if (close === -1) return result
    from = close + 2
  }
  return result + value.slice(from)
}
