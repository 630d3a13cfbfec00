import { hostname, networkInterfaces } from 'node:os'
import { parseAddress } from '../acme/local-ca/ip-range.ts'
import { isHostName } from '../acme/local-ca/local-name.ts'
import { describeConstraints, isPermitted, type NameConstraints } from '../acme/local-ca/name-constraints.ts'
import { EdgeError } from '../errors.ts'

/** The names of the server's own certificate: only such as its root permits. */
export function chooseHosts(
  { host = [], listen }: { readonly host?: readonly string[]; readonly listen: { readonly host: string } },
  constraints: NameConstraints,
): readonly string[] {
  const stranger = host.find((name) => !isPermitted(constraints, name))
  if (stranger !== undefined) {
    throw new EdgeError(
      'ACME_EDGE_USAGE',
      `--host ${stranger}: this CA vouches only for ${describeConstraints(constraints)}`,
    )
  }
  const hosts = host.length > 0 ? host : hostsOf(listen.host).filter((name) => isPermitted(constraints, name))
  if (hosts.length > 0) return hosts
  const message = `the CA may not vouch for ${listen.host}: name the server with --host (${describeConstraints(constraints)})`
  throw new EdgeError('ACME_EDGE_USAGE', message)
}

function hostsOf(listened: string): string[] {
  const isAll = listened === '0.0.0.0' || listened === '::'
  if (!isAll) return [listened, ...(listened === '127.0.0.1' || listened === '::1' ? ['localhost'] : [])]
  const addresses = Object.values(networkInterfaces()).flatMap((entries) =>
    (entries ?? []).map(({ address }) => address),
  )
  const usable = addresses.map((address) => parseAddress(address)).filter((address) => address !== undefined)
  const name = hostname().toLowerCase()
  // The first one is what is shown: an address that others can reach, before the loopback ones.
  const sorted = usable.toSorted((a, b) => Number(isLoopback(a)) - Number(isLoopback(b)))
  return [...new Set([...sorted, ...(isHostName(name) ? [name] : []), 'localhost'])]
}

const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1'
