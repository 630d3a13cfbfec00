import { Worker } from 'node:worker_threads'
import type { Question, Reply } from '../waf/offload.ts'
import type { OperatorRecipe } from '../waf/operators/operator.ts'
import type { Answered, FromThread, NumberedQuestion, ToThread } from './messages.ts'

/** All values that a thread keeps for further questions; one alone may be longer. */
const VALUE_BYTES = 4_194_304
/** Reloads bring new operators: then all are told anew, one by one, as they are needed. */
const OPERATORS = 4_096
/** The thread's code is a few files on this machine. */
const START_MS = 10_000
/** How many times its processor time a question may take on a busy machine. */
const LEAST_SHARE = 5
const SHORTEST_LOOK_MS = 10
/** After this long without a question the thread lets go of the values. */
const IDLE_MS = 1_000
/** The program's own young generation is made for many requests at a time; a thread answers one question. */
const YOUNG_MB = 6

/** One worker thread, asked one question at a time. It keeps no process alive, except while it is asked. */
export class InspectionThread {
  readonly #worker: Worker
  readonly #operators = new Map<OperatorRecipe, number>()
  #values: string[] = []
  #valueBytes = 0
  #firstValue = 0
  #idle: NodeJS.Timeout | undefined
  #ready: Promise<Reply | { kind: 'ready' }>
  #settle: ((reply: Reply | { kind: 'ready' }) => void) | undefined
  /** Processor time of the thread when it was last heard of. */
  #cpuMs = 0
  #state: 'alive' | 'ended' = 'alive'

  constructor() {
    this.#worker = new Worker(new URL('./thread.ts', import.meta.url), {
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    })
    this.#worker.on('message', ({ cpuMs, ...message }: FromThread) => {
      this.#cpuMs = cpuMs
      this.#settle?.(message)
    })
    this.#worker.on('error', (error) => this.#end(error.message))
    this.#worker.on('exit', (code) => this.#end(`it ended with code ${code}`))
    const timer = setTimeout(() => this.#end('it does not start'), START_MS)
    this.#ready = this.#next().finally(() => clearTimeout(timer))
  }

  /** Whether it can be asked; once it is not, it never will be. */
  get isAlive(): boolean {
    return this.#state === 'alive'
  }

  knows(value: string): boolean {
    return this.#values.includes(value)
  }

  /** Never rejects. A question that takes longer than it may ends the thread. */
  async ask(question: Question): Promise<Reply> {
    clearTimeout(this.#idle)
    this.#worker.ref()
    const start = await this.#ready
    if (start.kind !== 'ready') return start
    if (!this.isAlive) return { kind: 'failed', reason: 'it has ended' }
    this.#send({ kind: 'ask', question: this.#number(question) })
    const reply = await this.#answer(question.limitMs)
    this.#worker.unref()
    this.#idle = setTimeout(() => this.#forgetValues(), IDLE_MS).unref()
    return reply.kind === 'ready' ? { kind: 'failed', reason: 'it has started twice' } : reply
  }

  async close(): Promise<void> {
    this.#end('it was closed')
    await this.#worker.terminate()
  }

  /** The limit is one of processor time: it is asked for whenever it may have been reached. */
  async #answer(limitMs: number): Promise<Reply | { kind: 'ready' }> {
    const before = this.#cpuMs
    const reply = this.#next()
    let isOver = false
    const end = () => {
      if (isOver) return
      this.#settle?.({ kind: 'out of time' })
      void this.close()
    }
    const look = async () => {
      const { user, system } = await this.#worker.cpuUsage()
      const leftMs = limitMs - ((user + system) / 1_000 - before)
      if (leftMs <= 0) end()
      else if (!isOver) timer = startTimer(check, Math.max(leftMs, SHORTEST_LOOK_MS))
    }
    const check = () => void look().catch(end)
    let timer = startTimer(check, limitMs)
    const last = startTimer(end, limitMs * LEAST_SHARE)
    try {
      return await reply
    } finally {
      isOver = true
      clearTimeout(timer)
      clearTimeout(last)
    }
  }

  /** What comes next from the thread. */
  #next(): Promise<Reply | { kind: 'ready' }> {
    return new Promise((resolve) => {
      this.#settle = (reply) => {
        this.#settle = undefined
        resolve(reply)
      }
    })
  }

  #end(reason: string): void {
    this.#state = 'ended'
    clearTimeout(this.#idle)
    this.#settle?.({ kind: 'failed', reason } satisfies Answered)
  }

  #number({ value, steps, operator, telling }: Question): NumberedQuestion {
    return { value: this.#numberOfValue(value), steps, operator: this.#numberOfOperator(operator), telling }
  }

  #numberOfValue(text: string): number {
    const known = this.#values.indexOf(text)
    if (known >= 0) return this.#firstValue + known
    if (this.#valueBytes + text.length > VALUE_BYTES) this.#forgetValues()
    this.#valueBytes += text.length
    const number = this.#firstValue + this.#values.push(text) - 1
    this.#send({ kind: 'value', number, text })
    return number
  }

  #forgetValues(): void {
    if (this.#values.length === 0) return
    this.#firstValue += this.#values.length
    this.#values = []
    this.#valueBytes = 0
    this.#send({ kind: 'forget', what: 'values' })
  }

  /** One that will hardly be asked again goes with its question. */
  #numberOfOperator(recipe: OperatorRecipe): number | OperatorRecipe {
    if (recipe.isPassing) return recipe
    const known = this.#operators.get(recipe)
    if (known !== undefined) return known
    if (this.#operators.size >= OPERATORS) {
      this.#operators.clear()
      this.#send({ kind: 'forget', what: 'operators' })
    }
    const number = this.#operators.size
    this.#operators.set(recipe, number)
    this.#send({ kind: 'operator', number, recipe })
    return number
  }

  #send(message: ToThread): void {
    if (this.isAlive) this.#worker.postMessage(message)
  }
}

/** Node takes longer ones for none at all. */
const LONGEST_TIMER_MS = 2_147_483_647

function startTimer(run: () => void, delayMs: number): NodeJS.Timeout {
  return setTimeout(run, Math.min(delayMs, LONGEST_TIMER_MS))
}
