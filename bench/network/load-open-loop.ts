import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { LOAD_CPU } from './load.ts'

export interface OpenLoopResult {
  readonly requests: number
  /** Sent, and not answered 20 s after the last was sent. */
  readonly unanswered: number
  readonly refused: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
}

const run = promisify(execFile)

/** Sends at a fixed rate, see open-loop.ts. */
export async function loadAtRate(
  port: number,
  { rate, seconds, file }: { rate: number; seconds: number; file: string },
): Promise<OpenLoopResult> {
  const client = join(import.meta.dirname, 'open-loop.ts')
  const command = [process.execPath, client, String(port), String(rate), String(seconds), file]
  const { stdout } = await run('taskset', ['-c', String(LOAD_CPU), ...command])
  return JSON.parse(stdout) as OpenLoopResult // written by open-loop.ts
}
