import type { X509Certificate } from 'node:crypto'
import { EdgeError } from '../../errors.ts'
import type { Store } from '../../store/contract.ts'
import { createIntermediate, createRoot, type RootOptions } from './certificates.ts'
import { writeIssuing } from './keep-authority.ts'
import { writeNewRoot } from './open-root.ts'
import type { RootKeyAccess } from './root-key.ts'

export interface InitOptions {
  readonly store: Store
  readonly signal: AbortSignal
  readonly root: RootOptions
  /** `file`: the root's key goes there instead of into the store; `passphrase`: it is encrypted with it. */
  readonly rootKey: RootKeyAccess
  readonly clock?: () => number
}

/** Makes a CA where there is none; throws ACME_EDGE_LOCALCA_EXISTS where there is one, whatever its state. */
export async function initAuthority(options: InitOptions): Promise<{ readonly root: X509Certificate }> {
  const { store, rootKey, clock = Date.now } = options
  const lock = await store.lock('local-ca', options.signal)
  try {
    if ((await store.list('local-ca/')).length > 0) {
      throw new EdgeError('ACME_EDGE_LOCALCA_EXISTS', 'there is a local CA in this folder: choose another --folder')
    }
    const root = await createRoot(clock(), options.root)
    const issuing = await createIntermediate(root, clock())
    await writeNewRoot(store, root, rootKey)
    await writeIssuing(store, issuing)
    return { root: root.certificate }
  } finally {
    await lock.release()
  }
}
