import type { AcmeConfig, EdgeConfig } from '../config/config.ts'
import { EdgeError } from '../errors.ts'

/** The CA of the config. Throws ACME_EDGE_ACME_NOT_CONFIGURED. */
export function requireAcme(config: EdgeConfig): AcmeConfig {
  if (config.acme) return config.acme
  const message = `${config.file} has no acme section: add acme.directory, the address of the CA's ACME directory`
  throw new EdgeError('ACME_EDGE_ACME_NOT_CONFIGURED', message)
}
