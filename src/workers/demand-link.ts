import type { DemandPort } from '../on-demand/waiting-room.ts'
import type { FromWorker } from './messages.ts'

/** A worker's side of certificates that are got on demand: the primary gets them. */
export class DemandLink implements DemandPort {
  readonly #send: (message: FromWorker) => void
  readonly #waiting = new Map<number, (served: boolean) => void>()
  #lastId = 0

  constructor(send: (message: FromWorker) => void) {
    this.#send = send
  }

  request(name: string): Promise<boolean> {
    return new Promise((resolve) => {
      const id = ++this.#lastId
      this.#waiting.set(id, resolve)
      this.#send({ kind: 'demand', id, name })
    })
  }

  seen(name: string): void {
    this.#send({ kind: 'seen', name })
  }

  answered(id: number, served: boolean): void {
    this.#waiting.get(id)?.(served)
    this.#waiting.delete(id)
  }
}
