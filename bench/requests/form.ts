import type { BenchRequest } from './bench-request.ts'
import { postRequest } from './post.ts'
import type { Values } from './values.ts'

const type = 'application/x-www-form-urlencoded'

/** An order of twelve fields. */
export function formRequest(values: Values): BenchRequest {
  return postRequest(values, { type, body: fields(values) })
}

/** The same with an injection in the last field. */
export function formAttack(values: Values): BenchRequest {
  return postRequest(values, { type, body: `${fields(values)}%27+UNION+SELECT+password+FROM+users--+` })
}

function fields(values: Values): string {
  const sentence = (count: number) => values.words(count, '+')
  return [
    `name=${values.name()}+${values.name()}`,
    `email=${values.name()}%40${values.name()}.example`,
    `address=${values.digits(3)}b+${values.name()}+Street`,
    `city=${values.name()}`,
    `comment=Please+leave+the+parcel+with+the+neighbour+at+number+${values.digits(5)}%2C+${sentence(3)}%2C+thank+you`,
    `qty=${values.digits(4)}`,
    `sku=AB-${values.digits(4)}-${values.letters(2).toUpperCase()}`,
    `gift=${values.name()}`,
    `message=Happy+birthday+from+all+of+us+at+the+${values.name()}+office%21+See+you+soon+${sentence(2)}.`,
    `coupon=${values.letters(8)}`,
    `newsletter=${values.name()}`,
    `phone=%2B44+20+${values.digits(4)}+${values.digits(4)}`,
  ].join('&')
}
