import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { Answerer } from './answerer.ts'
import { threadCpuMs } from './cpu-time.ts'
import type { FromThread, ToThread } from './messages.ts'

/** As `nice` counts. On a busy machine requests that take long have to wait for those that do not. */
const PRIORITY = 5

/** The entry of an inspection thread: `InspectionThread` starts it, nobody else does. */
const answerer = new Answerer()
stepBack()
send({ kind: 'ready', cpuMs: threadCpuMs() })

parentPort?.on('message', (message: ToThread) => {
  const reply = answerer.receive(message)
  if (reply !== undefined) send({ ...reply, cpuMs: threadCpuMs() })
})

function send(message: FromThread): void {
  parentPort?.postMessage(message)
}

/** Linux gives every thread a priority of its own; elsewhere it stays as it is. */
function stepBack(): void {
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1))
    if (thread !== process.pid) setPriority(thread, PRIORITY)
  } catch {
    // not Linux, or not allowed: slower for others, not wrong
  }
}
