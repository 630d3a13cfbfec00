import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseCertificateNames } from '../acme/certificate-names.ts'
import { issueCertificate } from '../acme/issue-certificate.ts'
import { openAuthority } from '../acme/local-ca/authority.ts'
import { startAcmeServer } from '../acme/local-ca/start-acme-server.ts'
import type { EdgeConfig } from '../config/config.ts'
import { parseConfig } from '../config/parse.ts'
import { startDemoOrigin } from '../demo/demo-origin.ts'
import { demoExamples } from '../demo/examples.ts'
import { type RunningEdge, startEdge } from '../edge/start.ts'
import { EdgeError } from '../errors.ts'
import { InspectionThreads } from '../inspection-threads/inspection-threads.ts'
import { createLog, type Logger } from '../log.ts'
import type { Store } from '../store/contract.ts'
import { openFileStore } from '../store/file-store.ts'
import { replaceFile } from '../store/file-store-durable.ts'
import { openStore } from '../store/open-store.ts'
import { version } from '../version.ts'
import { loadRuleSet } from '../waf/rule-set.ts'
import { describeProgress, describeRequest, step } from './demo-lines.ts'

export interface DemoOptions {
  readonly httpPort: number
  readonly httpsPort: number
  /** Stops the demo, also while it starts. */
  readonly signal: AbortSignal
  readonly print: (line: string) => void
}

const packageRoot = fileURLToPath(new URL('../..', import.meta.url))
const certificateName = 'demo.localhost'
/** Starting takes about a second; a lock that is still held after this belongs to something that hangs. */
const startTimeoutMs = 20_000

/** Runs the demo until the signal aborts; everything it started is closed when it returns or throws. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const closers: (() => Promise<void>)[] = []
  try {
    await start(options, closers)
    if (!options.signal.aborted) await once(options.signal, 'abort')
    options.print('stopping')
  } catch (error) {
    // Interrupted while it started: what that broke off is no failure.
    if (!options.signal.aborted) throw error
  } finally {
    for (const close of closers.reverse()) await close()
  }
}

async function start(options: DemoOptions, closers: (() => Promise<void>)[]): Promise<void> {
  const { httpPort, httpsPort, print } = options
  const startedAt = performance.now()
  const log = createLog('warn')
  print(`acme-edge ${version} demo`)
  const origin = await startDemoOrigin()
  closers.push(origin.close)
  const config = demoConfig({ httpPort, httpsPort, originPort: origin.port })
  const { store, folder } = await openStore(config.store, log)
  print(step('origin', `http://127.0.0.1:${origin.port}`))
  const edge = await openEdge(config, options, log)
  closers.push(edge.close)
  const stop = AbortSignal.any([options.signal, AbortSignal.timeout(startTimeoutMs)])
  const authority = await openAuthority({ store, signal: stop })
  const rootFile = join(folder, 'ca.pem')
  await replaceFile(rootFile, authority.rootPem)
  const server = await startAcmeServer({ authority, validationPort: httpPort, log })
  closers.push(server.close)
  print(step('local CA', server.directoryUrl))
  await issue({ store, folder, edge, directory: server.directoryUrl, log }, { ...options, signal: stop })
  print(step('ready', `after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`))
  printExamples(options, rootFile)
}

function demoConfig(ports: { httpPort: number; httpsPort: number; originPort: number }): EdgeConfig {
  const config = {
    listen: { http: [`127.0.0.1:${ports.httpPort}`], https: [`127.0.0.1:${ports.httpsPort}`] },
    sites: [{ hosts: ['*'], origin: [`http://127.0.0.1:${ports.originPort}`] }],
    waf: { mode: 'block', rules: ['@acme-edge'], error_log: 'certs/demo/waf.log' },
    store: 'file:certs/demo',
    log: { access: 'off' },
    limits: { drain_timeout: '2s' },
  }
  return parseConfig(JSON.stringify(config, null, 2), join(packageRoot, 'demo.yaml'))
}

async function openEdge(config: EdgeConfig, options: DemoOptions, log: Logger): Promise<RunningEdge> {
  const { httpPort, httpsPort, print } = options
  const offload = new InspectionThreads({ count: config.limits.inspectionThreads }) // an idle one keeps nothing alive
  const rules = await loadRuleSet({ files: config.waf.rules, mode: config.waf.mode, offload })
  const edge = await startEdge(config, {
    log,
    loadRules: async () => rules,
    observe: (record) => print(describeRequest(record)),
    accessLog: undefined,
  }).catch((error: unknown) => {
    throw namePorts(error)
  })
  print(step('edge', `http://127.0.0.1:${httpPort} and https://127.0.0.1:${httpsPort}, ${rules.ruleCount} rules`))
  return edge
}

/** The edge's own message knows the address; which flag moves it is the demo's to say. */
function namePorts(error: unknown): unknown {
  if (!(error instanceof EdgeError) || error.code !== 'ACME_EDGE_LISTEN_FAILED') return error
  return new EdgeError(error.code, `${error.message} (--http-port N, --https-port N)`, { cause: error })
}

interface IssueParts {
  readonly store: Store
  readonly folder: string
  readonly edge: RunningEdge
  readonly directory: string
  readonly log: Logger
}

/**
 * The ACME server forgets everything when it stops and has another address each time, so the client's account and order
 * get a store of their own that lasts no longer. The lock keeps a second demo, on other ports, from removing it.
 */
async function issue({ store, folder, edge, directory, log }: IssueParts, options: DemoOptions): Promise<void> {
  const session = join(folder, 'acme-session')
  const lock = await store.lock('demo', options.signal)
  try {
    await rm(session, { recursive: true, force: true }) // of a demo that was killed
    await issueCertificate({
      names: parseCertificateNames([certificateName]),
      acme: { directory, rootCa: undefined, contact: [], certificates: [] },
      store: await openFileStore({ folder: session, log }),
      certificateFolder: folder,
      publisher: edge.publisher,
      signal: options.signal,
      onProgress: (progress) => options.print(describeProgress(progress)),
    })
  } finally {
    await rm(session, { recursive: true, force: true })
    await lock.release()
  }
}

function printExamples({ httpPort, httpsPort, print }: DemoOptions, rootFile: string): void {
  print('')
  print('Try these from another terminal (Ctrl-C here stops everything):')
  for (const { shows, command, status } of demoExamples(httpPort)) {
    print('')
    print(`${status}, ${shows}`)
    print(command)
  }
  print('')
  const root = relative(process.cwd(), rootFile)
  print(`With TLS: curl --cacert '${root}' https://${certificateName}:${httpsPort}/`)
  print(`In a browser: http://${certificateName}:${httpPort}/`)
  print('')
}
