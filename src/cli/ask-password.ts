import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { EdgeError } from '../errors.ts'
import { readPassword } from './certificate-files.ts'

/**
 * The password from a file, or from the person at the terminal, who sees nothing of what they type. Never from an argument: those
 * are for all to see. Throws ACME_EDGE_USAGE, ACME_EDGE_CERTIFICATE_UNREADABLE.
 *
 * @param twice for a new password: a slip of the fingers would make the file useless
 */
export async function obtainPassword(
  file: string | undefined,
  { twice }: { readonly twice: boolean },
): Promise<string> {
  if (file !== undefined) return readPassword(file)
  if (!process.stdin.isTTY)
    throw new EdgeError('ACME_EDGE_USAGE', 'there is no terminal to ask for the password: give --password-file FILE')
  const password = await ask('Password: ')
  if (password === '') throw new EdgeError('ACME_EDGE_USAGE', 'the password is empty')
  if (twice && (await ask('The same again: ')) !== password)
    throw new EdgeError('ACME_EDGE_USAGE', 'the two passwords differ')
  return password
}

async function ask(question: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  process.stderr.write(question) // now that the terminal echoes nothing any more
  try {
    // Ctrl-C ends the question, not the process: the terminal is in raw mode.
    const interrupted = new AbortController()
    terminal.once('SIGINT', () => interrupted.abort())
    return await terminal.question('', { signal: interrupted.signal })
  } catch (cause) {
    throw new EdgeError('ACME_EDGE_USAGE', 'no password was given', { cause })
  } finally {
    terminal.close()
    process.stderr.write('\n')
  }
}
