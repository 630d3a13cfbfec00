import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { installCertificate } from '../../src/store/certificates.ts'
import { certificateMaker } from '../certificates.ts'
import { writeRules } from '../rule-files.ts'
import { type Child, startOn } from './child.ts'
import { LOAD_CPU, PROXY_CPU } from './load.ts'
import { writeOrigin } from './origin.ts'
import { type ProxyKind, takesPart } from './proxies.ts'
import type { Rules } from './workloads.ts'

/** A proxy that runs. */
export interface RunningProxy {
  readonly name: string
  readonly hasWaf: boolean
  readonly hasTls: boolean
  readonly httpPort: number
  readonly httpsPort: number
  readonly pid: number
}

const FIRST_PORT = 19_700

/** Starts the origin, and each proxy when a workload first needs it with these rules; stops all at the end. */
export class ProxyPool {
  readonly #folder: string
  readonly #crs: string
  readonly #children: Child[] = []
  readonly #byRules = new Map<Rules, RunningProxy[]>()
  #nextPort = FIRST_PORT + 1

  constructor(folder: string, crs: string) {
    this.#folder = folder
    this.#crs = crs
  }

  async startOrigin(): Promise<void> {
    this.#children.push(await startOn(LOAD_CPU, writeOrigin(this.#folder, FIRST_PORT), FIRST_PORT))
  }

  /** The proxies of these kinds that take part with these rules. */
  async running(kinds: readonly ProxyKind[], rules: Rules): Promise<RunningProxy[]> {
    const known = this.#byRules.get(rules)
    if (known !== undefined) return known
    const started: RunningProxy[] = []
    for (const kind of kinds) if (takesPart(kind, rules)) started.push(await this.#start(kind, rules))
    this.#byRules.set(rules, started)
    return started
  }

  async stop(): Promise<void> {
    for (const child of this.#children.reverse()) await child.stop()
  }

  async #start({ name, hasTls, hasWaf, prepare }: ProxyKind, rules: Rules): Promise<RunningProxy> {
    const [httpPort, httpsPort] = [this.#nextPort++, this.#nextPort++]
    const folder = join(this.#folder, String(httpPort))
    mkdirSync(folder)
    // A store belongs to one edge at a time.
    const store = join(folder, 'store')
    await installCertificate(store, await (await certificateMaker())('localhost'))
    const ruleFile =
      rules === 'off' ? undefined : writeRules(folder, { crs: this.#crs, level: rules === 'level 4' ? 4 : 1 })
    const command = prepare({ folder, originPort: FIRST_PORT, httpPort, httpsPort, ruleFile, store })
    const child = await startOn(PROXY_CPU, command, httpPort)
    this.#children.push(child)
    return { name, hasWaf: hasWaf && rules !== 'off', hasTls, httpPort, httpsPort, pid: child.pid }
  }
}
