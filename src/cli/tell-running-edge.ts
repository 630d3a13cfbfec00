import { connectControl } from '../control/client.ts'

/** Longer than the edge gives its workers to acknowledge. */
const timeoutMs = 15_000

/**
 * Tells the edge that runs with this store, if one does, that a certificate has changed: it serves what is there and looks at
 * once whether it is to be replaced. Answers whether there was one. Throws ACME_EDGE_CONTROL_FAILED.
 */
export async function tellRunningEdge(storeFolder: string, name: string): Promise<boolean> {
  const control = await connectControl(storeFolder)
  if (control === undefined) return false
  try {
    await control.installed(name, AbortSignal.timeout(timeoutMs))
    return true
  } finally {
    control.close()
  }
}
