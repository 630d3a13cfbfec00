import { type ChildProcess, fork } from 'node:child_process'
import type { UpdateMessage } from '../collections/messages.ts'
import { EdgeError, type ErrorCode, isErrorCode } from '../errors.ts'
import type { FromWorker, StartWorker, ToWorker, WorkerAddresses, WorkerCall } from './messages.ts'

interface Waiting {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

/** What a worker tells without having been asked. */
export type WorkerNews = Extract<FromWorker, { kind: 'changes' | 'collections-received' | 'demand' | 'seen' }>

/** A worker as the primary sees it. */
export class WorkerProcess {
  readonly ready: Promise<WorkerAddresses>
  readonly exited: Promise<void>
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0

  constructor(program: string, start: StartWorker, onNews: (news: WorkerNews) => void) {
    this.#child = fork(program, [], { stdio: 'inherit', execArgv: process.execArgv })
    const ready = Promise.withResolvers<WorkerAddresses>()
    const exited = Promise.withResolvers<void>()
    this.ready = ready.promise
    this.exited = exited.promise
    this.#child.on('message', (message: FromWorker) => {
      switch (message.kind) {
        case 'ready':
          return ready.resolve(message.addresses)
        case 'failed':
          ready.reject(new EdgeError(codeOf(message.code), message.message))
          return this.kill() // it serves nothing, so it must not be asked for acknowledgements
        case 'done':
          return this.#settle(message)
        default:
          return onNews(message)
      }
    })
    const end = (cause?: Error) => {
      ready.reject(new EdgeError('ACME_EDGE_INTERNAL', 'a worker ended', { cause }))
      for (const { resolve } of this.#waiting.values()) resolve(undefined)
      this.#waiting.clear()
      exited.resolve()
    }
    this.#child.on('exit', () => {
      // What it has sent before is still read: its last counts must not be lost.
      if (this.#child.connected) this.#child.once('disconnect', () => end())
      else end()
    })
    this.#child.on('error', (error) => {
      if (this.#child.pid === undefined) end(error) // it never came to be; what else fails ends with `exit`
    })
    this.#send({ kind: 'start', start })
  }

  /**
   * Resolves when the worker has done it; with `undefined` when it has ended, since it serves nothing then, and its successor
   * is told what is active. Rejects when it failed or the signal aborts.
   */
  call(call: WorkerCall, signal: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId
      this.#waiting.set(id, { resolve, reject })
      signal.addEventListener('abort', () => this.#waiting.delete(id) && reject(signal.reason), { once: true })
      this.#send({ kind: 'call', id, call })
    })
  }

  tell(update: UpdateMessage): void {
    this.#send({ kind: 'collections', update })
  }

  answerDemand(id: number, served: boolean): void {
    this.#send({ kind: 'demand-answer', id, served })
  }

  close(): void {
    this.#send({ kind: 'close' })
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #send(message: ToWorker): void {
    if (this.#child.connected) this.#child.send(message, () => undefined) // a lost channel is followed by `exit`
  }

  #settle(message: FromWorker & { kind: 'done' }): void {
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if (message.error === undefined) waiting?.resolve(message.result)
    else waiting?.reject(new EdgeError('ACME_EDGE_CONTROL_FAILED', `a worker failed: ${message.error}`))
  }
}

function codeOf(code: string): ErrorCode {
  return isErrorCode(code) ? code : 'ACME_EDGE_INTERNAL'
}
