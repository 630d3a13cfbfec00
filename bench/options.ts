/** What the command line says: `--name value`, or `--name` alone. */
export interface Options {
  has(name: string): boolean
  text(name: string, fallback: string): string
  /** At least `least`, which is just above 0 unless said. */
  number(name: string, fallback: number, least?: number): number
  /** A list, comma-separated; undefined when the option is absent. */
  list(name: string): readonly string[] | undefined
}

const flags = new Set(['json', 'help'])

/** Throws UsageError for what is not of this form. */
export function parseOptions(args: readonly string[], known: readonly string[]): Options {
  const values = new Map<string, string>()
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    if (!arg.startsWith('--')) throw new UsageError(`${arg} belongs to no option`)
    const name = arg.slice(2)
    if (!flags.has(name) && !known.includes(name)) throw new UsageError(`unknown option --${name}`)
    const value = flags.has(name) ? '' : args[++i]
    if (value === undefined) throw new UsageError(`--${name} needs a value`)
    values.set(name, value)
  }
  return {
    has: (name) => values.has(name),
    text: (name, fallback) => values.get(name) ?? fallback,
    number(name, fallback, least = Number.MIN_VALUE) {
      const value = values.get(name)
      if (value === undefined) return fallback
      const number = Number(value.replaceAll('_', ''))
      if (!(number >= least)) throw new UsageError(`--${name} needs a number of at least ${least}, not ${value}`)
      return number
    },
    list: (name) =>
      values
        .get(name)
        ?.split(',')
        .map((item) => item.trim()),
  }
}

export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The named ones of a table, or all; throws UsageError for a name that it does not have. */
export function choose<T extends { readonly name: string }>(
  all: readonly T[],
  names: readonly string[] | undefined,
): T[] {
  if (names === undefined) return [...all]
  return names.map((name) => {
    const found = all.find((one) => one.name === name)
    if (found === undefined)
      throw new UsageError(`there is no ${name}: one of ${all.map((one) => one.name).join(', ')}`)
    return found
  })
}
