import type { BenchRequest } from './bench-request.ts'
import { formAttack, formRequest } from './form.ts'
import { getAttack, getRequest } from './get.ts'
import { jsonAttack, jsonRequest } from './json.ts'
import { pageAttack, pageRequest } from './page.ts'
import type { Values } from './values.ts'

/** What is asked of an engine: benign requests, and the attack of the same form that it has to block. */
export interface Workload {
  readonly name: string
  benign(values: Values): BenchRequest
  attack(values: Values): BenchRequest
}

export const engineWorkloads: readonly Workload[] = [
  { name: 'get', benign: getRequest, attack: getAttack },
  { name: 'form', benign: formRequest, attack: formAttack },
  { name: 'json', benign: jsonRequest, attack: jsonAttack },
  {
    name: 'page',
    benign: (values) => pageRequest(values, 10_240),
    attack: (values) => pageAttack(values, 10_240),
  },
]
