import { Option } from 'commander'
import { certificateAuthorities } from '../acme/certificate-authorities.ts'
import type { AcmeConfig } from '../config/config.ts'
import { EdgeError } from '../errors.ts'

/** `--ca`; every command that talks to a CA has the same one. */
export const authorityOption = (): Option =>
  new Option('--ca <host or URL>', 'one of the CAs of the config; the first one unless said')

/** The CA that `--ca` means: by its directory, or by its host where only one has it. Throws ACME_EDGE_USAGE. */
export function chooseAuthority(acme: AcmeConfig, wanted: string | undefined): AcmeConfig {
  const all = certificateAuthorities(acme)
  if (wanted === undefined) return all[0] ?? acme
  const found = all.filter(({ directory }) => isMeant(directory, wanted))
  const [first] = found
  if (first !== undefined && found.length === 1) return first
  const listed = (found.length > 1 ? found : all).map(({ directory }) => directory).join(', ')
  const shown = JSON.stringify(wanted.slice(0, 200))
  const message =
    found.length > 1
      ? `--ca ${shown} fits several CAs of the config: say which by its URL: ${listed}`
      : `--ca ${shown} is none of the CAs of the config: ${listed}`
  throw new EdgeError('ACME_EDGE_USAGE', message)
}

function isMeant(directory: string, wanted: string): boolean {
  const { host, hostname, href } = new URL(directory)
  return [host, hostname].includes(wanted.toLowerCase()) || URL.parse(wanted)?.href === href
}
