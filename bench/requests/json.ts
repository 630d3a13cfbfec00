import type { BenchRequest } from './bench-request.ts'
import { postRequest } from './post.ts'
import type { Values } from './values.ts'

const type = 'application/json'

/** An order of 100 items, 7 KB. */
export function jsonRequest(values: Values): BenchRequest {
  return jsonItems(values, 100)
}

export function jsonItems(values: Values, count: number): BenchRequest {
  return postRequest(values, { type, body: order(values, items(values, count)) })
}

/** The same with an injection in one item more. */
export function jsonAttack(values: Values): BenchRequest {
  const attack = `{"sku":"AB-1","title":"' UNION SELECT password FROM users-- ","qty":1,"price":1.00}`
  return postRequest(values, { type, body: order(values, [...items(values, 100), attack]) })
}

function order(values: Values, list: readonly string[]): string {
  return `{"order":{"customer":"${values.name()} ${values.name()}","items":[${list.join(',')}]}}`
}

function items(values: Values, count: number): string[] {
  return Array.from({ length: count }, () => {
    const title = `Plain ${values.word()} ${values.digits(7)}`
    const price = `${values.digits(2)}.${values.digits(2)}`
    return `{"sku":"AB-${values.digits(4)}","title":"${title}","qty":${values.digits(3)},"price":${price}}`
  })
}
