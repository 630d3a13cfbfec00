import { closeSync, openSync, writeSync } from 'node:fs'
import { rawMessage } from '../requests/raw-message.ts'
import type { Values } from '../requests/values.ts'
import type { NetworkWorkload } from './workloads.ts'

/** The load keeps the whole file in memory. */
const LARGEST_FILE = 96 * 1024 * 1024

/** Writes so many whole requests, each as "<length>\n<bytes>", fewer when they get too large. Returns how many. */
export function writeRequests(
  file: string,
  workload: NetworkWorkload,
  { values, count }: { values: Values; count: number },
): number {
  const descriptor = openSync(file, 'w')
  try {
    let size = 0
    let written = 0
    for (; written < count && size < LARGEST_FILE; written++) {
      const isAttack = workload.attacks > 0 && written % Math.round(1 / workload.attacks) === 0
      const request = isAttack ? workload.attack(values) : workload.make(values)
      const bytes = rawMessage(request, workload)
      size += bytes.length
      writeSync(descriptor, Buffer.concat([Buffer.from(`${bytes.length}\n`), bytes]))
    }
    return written
  } finally {
    closeSync(descriptor)
  }
}
