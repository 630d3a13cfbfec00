import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StoredCertificate } from '../store/certificates.ts'
import type { Store } from '../store/contract.ts'
import { openFileStore } from '../store/file-store.ts'
import type { IssueOptions } from './issue-certificate.ts'
import { issueWithinBudget } from './issue-within-budget.ts'

export interface RehearsalOptions extends Omit<IssueOptions, 'certificateFolder'> {
  /** The directory to order from. */
  readonly staging: string
  readonly now: () => number
}

/**
 * The whole way of an order from another directory of the CA, into a folder that goes when it is over: nothing is installed,
 * and no journal is left. Throws what issueWithinBudget() does.
 */
export async function rehearse(options: RehearsalOptions): Promise<StoredCertificate> {
  const { staging, acme, store, publisher } = options
  const certificateFolder = await mkdtemp(join(tmpdir(), 'acme-edge-rehearsal-'))
  try {
    const scratch = await openFileStore({ folder: certificateFolder, log: { warn: () => undefined } })
    return await issueWithinBudget(
      {
        ...options,
        acme: { ...acme, directory: staging },
        store: rehearsalStore(store, scratch),
        certificateFolder,
        publisher: {
          publish: (challenge, signal) => publisher.publish(challenge, signal),
          withdraw: (challenge, signal) => publisher.withdraw(challenge, signal),
          installed: async () => undefined,
        },
      },
      { isRenewal: false, viaAri: false },
    )
  } finally {
    await rm(certificateFolder, { recursive: true, force: true })
  }
}

/** What has to outlive a rehearsal: each CA's account and what it counts. All else goes with the scratch store. */
const kept = ['accounts/', 'limits/']

function rehearsalStore(real: Store, scratch: Store): Store {
  const of = (key: string): Store => (kept.some((prefix) => key.startsWith(prefix)) ? real : scratch)
  return {
    read: (key) => of(key).read(key),
    write: (key, value, options) => of(key).write(key, value, options),
    remove: (key, options) => of(key).remove(key, options),
    list: (prefix) => of(prefix).list(prefix),
    lock: (name, signal) => of(name).lock(name, signal),
  }
}
