import type { AccountPlace } from '../acme/account-session.ts'
import { openTransport } from '../acme/transport.ts'
import type { EdgeConfig } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { createLog } from '../log.ts'
import { type OpenedStore, openStore } from '../store/open-store.ts'
import { chooseAuthority } from './choose-authority.ts'
import { watchInterruption } from './interruption.ts'
import { requireAcme } from './require-acme.ts'

export interface AuthorityFlags {
  readonly config: string
  readonly json: boolean
  readonly ca?: string
}

/** What a command that talks to one CA, and orders nothing, works with. */
export interface AuthoritySession extends AccountPlace {
  readonly config: EdgeConfig
  readonly opened: OpenedStore
  readonly signal: AbortSignal
}

/** No such request takes longer at a CA that is well. */
const timeoutMs = 120_000

/** Opens config, store and the way to the CA that `--ca` means, for as long as the work takes. */
export async function withAuthority<T>(
  flags: AuthorityFlags,
  work: (session: AuthoritySession) => Promise<T>,
): Promise<T> {
  const config = await loadConfig(flags.config)
  const acme = chooseAuthority(requireAcme(config), flags.ca)
  const opened = await openStore(config.store, createLog('warn'))
  const interruption = watchInterruption()
  const signal = AbortSignal.any([interruption.signal, AbortSignal.timeout(timeoutMs)])
  try {
    const transport = await openTransport({ rootCa: acme.rootCa })
    try {
      return await work({ config, acme, opened, store: opened.store, transport, signal })
    } finally {
      await transport.close()
    }
  } finally {
    interruption.end()
    opened.close()
  }
}
