import { EdgeError } from '../errors.ts'

/** Turns an error of the file system into one line that says what cannot be read or written, why, and what to check. */
export async function guard<T>(kind: 'UNREADABLE' | 'UNWRITABLE', path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof EdgeError) throw error
    const verb = kind === 'UNREADABLE' ? 'read' : 'written'
    const reason = error instanceof Error ? error.message : String(error)
    const advice =
      'check that the store folder is a folder, belongs to the user that runs acme-edge, and has space left'
    throw new EdgeError(`ACME_EDGE_STORE_${kind}`, `${path} cannot be ${verb} (${reason}): ${advice}`, { cause: error })
  }
}
