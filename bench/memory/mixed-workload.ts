import { type NetworkWorkload, networkWorkloads } from '../network/workloads.ts'
import { formRequest } from '../requests/form.ts'
import { getRequest } from '../requests/get.ts'
import { jsonRequest } from '../requests/json.ts'

/** Much of a shop's day: of 20 requests one is JSON, two are forms, two ask for pages, the others are plain; 1 % attacks. */
export function mixedWorkload(rules: NetworkWorkload['rules']): NetworkWorkload {
  const [get, page] = ['get', 'page-10k'].map((wanted) => networkWorkloads.find(({ name }) => name === wanted))
  if (get === undefined || page === undefined) throw new Error('the table of workloads lacks what the mix is made of')
  return {
    ...get,
    name: 'mixed',
    title: 'GET, pages, forms, JSON, 1 % attacks',
    rules,
    attacks: 0.01,
    make(values) {
      const turn = values.number(20)
      if (turn === 0) return jsonRequest(values)
      if (turn <= 2) return formRequest(values)
      return turn <= 4 ? page.make(values) : getRequest(values)
    },
  }
}
