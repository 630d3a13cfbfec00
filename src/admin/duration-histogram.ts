/** A histogram of durations, in the form in which prom-client takes the metrics of another process. */
export class DurationHistogram {
  readonly #name: string
  readonly #help: string
  readonly #bounds: readonly number[]
  /** One for each bound, and one for what is above all of them. */
  readonly #counts: Float64Array
  #sum = 0

  /** `bounds` are seconds, ascending. */
  constructor(name: string, help: string, bounds: readonly number[]) {
    this.#name = name
    this.#help = help
    this.#bounds = bounds
    this.#counts = new Float64Array(bounds.length + 1)
  }

  /** Some nanoseconds; prom-client's own histogram takes 0.6 µs, three times a request. */
  observe(milliseconds: number): void {
    const seconds = milliseconds / 1000
    let bucket = 0
    while (bucket < this.#bounds.length && seconds > (this.#bounds[bucket] as number)) bucket++
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1 // there are one more counts than bounds
    this.#sum += seconds
  }

  snapshot(): object {
    const name = this.#name
    let count = 0
    const values: object[] = []
    for (const [i, bound] of [...this.#bounds, '+Inf'].entries()) {
      count += this.#counts[i] ?? 0
      values.push({ metricName: `${name}_bucket`, labels: { le: bound }, value: count })
    }
    values.push({ metricName: `${name}_sum`, labels: {}, value: this.#sum })
    values.push({ metricName: `${name}_count`, labels: {}, value: count })
    return { name, help: this.#help, type: 'histogram', aggregator: 'sum', values }
  }
}
