import type { Offload, Question, Reply } from '../waf/offload.ts'
import { InspectionThread } from './inspection-thread.ts'

/** Questions that wait for a thread; each transaction has one at a time. Stops a flood of large bodies from piling up. */
const QUEUE_LENGTH = 1_024
/** The longest wait for a thread. */
const WAIT_MS = 5_000

export interface ThreadOptions {
  /** Most threads at a time. */
  readonly count: number
}

interface Waiting {
  readonly question: Question
  readonly resolve: (reply: Reply) => void
}

/** Threads that run what could hold up the event loop. They start when they are needed, and are replaced when they end. */
export class InspectionThreads implements Offload {
  readonly #threads = new Set<InspectionThread>()
  readonly #idle = new Set<InspectionThread>()
  readonly #queue = new Set<Waiting>()
  #count: number
  #state: 'open' | 'closed' = 'open'

  constructor({ count }: ThreadOptions) {
    this.#count = count
  }

  ask(question: Question): Promise<Reply> {
    if (this.#state === 'closed') return Promise.resolve({ kind: 'failed', reason: 'the threads are closed' })
    const thread = this.#idleThread(question) ?? this.#newThread()
    return thread === undefined ? this.#wait(question) : this.#run(thread, question)
  }

  /** Takes effect at once for what is asked from now on. */
  resize({ count }: ThreadOptions): void {
    this.#count = count
    for (const thread of this.#idle) {
      if (this.#threads.size <= count) return
      this.#remove(thread)
    }
  }

  async close(): Promise<void> {
    this.#state = 'closed'
    for (const { resolve } of this.#queue) resolve({ kind: 'failed', reason: 'the threads are closed' })
    this.#queue.clear()
    const closing = [...this.#threads].map((thread) => thread.close())
    this.#threads.clear()
    this.#idle.clear()
    await Promise.all(closing)
  }

  /** One that has the value already is asked first. */
  #idleThread({ value }: Question): InspectionThread | undefined {
    const [any] = this.#idle
    return [...this.#idle].find((thread) => thread.knows(value)) ?? any
  }

  #newThread(): InspectionThread | undefined {
    if (this.#threads.size >= this.#count) return undefined
    const thread = new InspectionThread()
    this.#threads.add(thread)
    return thread
  }

  async #run(thread: InspectionThread, question: Question): Promise<Reply> {
    this.#idle.delete(thread)
    const reply = await thread.ask(question)
    if (thread.isAlive && this.#threads.size <= this.#count) this.#idle.add(thread)
    else this.#remove(thread)
    this.#runNext()
    return reply
  }

  /** First come, first served: transactions take turns, since each asks one question at a time. */
  #runNext(): void {
    const [next] = this.#queue
    if (next === undefined) return
    const thread = this.#idleThread(next.question) ?? this.#newThread()
    if (thread === undefined) return
    this.#queue.delete(next)
    void this.#run(thread, next.question).then(next.resolve)
  }

  #wait(question: Question): Promise<Reply> {
    if (this.#queue.size >= QUEUE_LENGTH) return Promise.resolve({ kind: 'busy' })
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        if (this.#queue.delete(waiting)) resolve({ kind: 'busy' })
      }, WAIT_MS)
      const waiting: Waiting = {
        question,
        resolve(reply) {
          clearTimeout(timer)
          resolve(reply)
        },
      }
      this.#queue.add(waiting)
    })
  }

  #remove(thread: InspectionThread): void {
    this.#threads.delete(thread)
    this.#idle.delete(thread)
    if (thread.isAlive) void thread.close()
  }
}
