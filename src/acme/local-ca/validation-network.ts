import { lookup, Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { NameConstraints } from './name-constraints.ts'
import { type Http01Check, validateHttp01 } from './validate-http01.ts'

/** Validates challenges from where this CA stands. */
export interface ValidationNetwork {
  /** Resolves when the host answered as it should; throws the Problem that the client is told. */
  validate(check: Http01Check): Promise<void>
}

/** Addresses of a host, in the order in which they are tried; none: the name does not exist. */
export type ResolveHost = (host: string) => Promise<readonly string[]>

export interface ValidationRules {
  /** Where challenges are asked for, instead of 80. */
  readonly httpPort: number
  /** Where redirects to https may lead; `undefined`: nowhere. */
  readonly httpsPort: number | undefined
  /** How many redirects are followed; RFC 8555 §8.3 lets the CA choose. */
  readonly maxRedirects: number
  /** Redirects lead only to hosts that the CA could vouch for, too. */
  readonly constraints: NameConstraints
  readonly resolve: ResolveHost
}

/** So many at once: an order of a hundred names must not open a hundred sockets, nor a hundred orders ten thousand. */
const maxAtOnce = 32

export function createValidationNetwork(rules: ValidationRules): ValidationNetwork {
  let running = 0
  const waiting: (() => void)[] = []
  return {
    async validate(check) {
      if (running >= maxAtOnce) await new Promise<void>((resolve) => void waiting.push(resolve))
      else running++
      try {
        check.signal.throwIfAborted()
        await validateHttp01(check, rules)
      } finally {
        const next = waiting.shift()
        if (next) next()
        else running--
      }
    },
  }
}

/** For a CA whose names all mean this machine: it cannot be made to reach another one. */
export function loopbackNetwork(httpPort: number, constraints: NameConstraints): ValidationNetwork {
  const resolve = async () => ['127.0.0.1']
  return createValidationNetwork({ httpPort, httpsPort: undefined, maxRedirects: 0, constraints, resolve })
}

/** Whatever DNS says, these mean the CA's own machine (RFC 6761 §6.3). */
const isLoopbackName = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost')

/** As the system resolves names, `/etc/hosts` included; or as one DNS server says, `address` or `address:port`. */
export function createResolver(server: string | undefined): ResolveHost {
  const ask = server === undefined ? askSystem : askServer(server)
  return async (host) => {
    if (isIP(host) !== 0) return [host]
    return isLoopbackName(host) ? ['127.0.0.1', '::1'] : ask(host)
  }
}

async function askSystem(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true }).catch(noneIfMissing)
  return found.map(({ address }) => address)
}

function askServer(server: string): ResolveHost {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 })
  resolver.setServers([server])
  return async (host) => {
    const answers = [resolver.resolve6(host), resolver.resolve4(host)].map((answer) => answer.catch(noneIfMissing))
    return (await Promise.all(answers)).flat()
  }
}

function noneIfMissing(error: NodeJS.ErrnoException): [] {
  if (['ENOTFOUND', 'ENODATA'].includes(error.code ?? '')) return []
  throw error
}
