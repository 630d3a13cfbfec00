import { createInterface } from 'node:readline/promises'
import { EdgeError } from '../errors.ts'

/**
 * Goes on when the person says yes, or has said so with `--yes`. Throws ACME_EDGE_USAGE for a no, and where nobody can be asked: a
 * script must not end an account because its input ended.
 */
export async function confirm(question: string, { yes, signal }: { yes: boolean; signal: AbortSignal }): Promise<void> {
  if (yes) return
  if (!process.stdin.isTTY) throw new EdgeError('ACME_EDGE_USAGE', `${question} Say --yes to do it`)
  // Standard output may be piped on; what is asked is no result.
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await terminal.question(`${question} Type "yes" to do it: `, { signal })
    if (answer.trim().toLowerCase() !== 'yes')
      throw new EdgeError('ACME_EDGE_USAGE', 'not done: the answer was not yes')
  } finally {
    terminal.close()
  }
}
