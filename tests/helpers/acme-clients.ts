import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const scripts = fileURLToPath(new URL('../../scripts/', import.meta.url))

/** An ACME client that is not ours. */
export interface ForeignClient {
  /** The program, empty where it is missing. */
  readonly program: string
  /** Why its tests cannot run, as tap's `skip` wants it; with CI set a missing one is a failure. */
  readonly skip: string | false
}

/** lego's library in a program of a few lines (bench/acme/lego). */
export const findLego = (): ForeignClient => find('install-lego.sh', 'lego')

export const findCertbot = (): ForeignClient => find('install-certbot.sh', 'certbot')

/** The script that installs it tells where it is. */
function find(script: string, name: string): ForeignClient {
  const { status, stdout, stderr } = spawnSync('sh', [`${scripts}${script}`], { encoding: 'utf8', timeout: 180_000 })
  if (status === 0) return { program: stdout.trim().split('\n').at(-1) ?? '', skip: false }
  const skip = `${name} is missing (scripts/${script}): ${stderr.trim().split('\n').at(-1)}`
  if (process.env.CI) throw new Error(skip)
  return { program: '', skip }
}

export interface ClientRun {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a client to its end, a minute and a half at most. */
export function runClient(program: string, words: readonly string[], env: Record<string, string>): Promise<ClientRun> {
  const options = { env: { ...process.env, ...env }, timeout: 90_000, maxBuffer: 16 * 1024 * 1024 }
  return new Promise((resolve) => {
    execFile(program, words, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr })
    })
  })
}
