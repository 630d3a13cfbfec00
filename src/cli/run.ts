import { Command } from 'commander'
import { createHealth, type Health } from '../admin/health.ts'
import { renderMetrics } from '../admin/metrics.ts'
import { startAdmin } from '../admin/server.ts'
import type { EdgeConfig } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { startControlServer } from '../control/server.ts'
import { toEdgeError } from '../errors.ts'
import { createLog, field, type Logger } from '../log.ts'
import { openReplica } from '../replicas/replica.ts'
import { openStore } from '../store/open-store.ts'
import { type LazyManagement, openManagement } from './lazy-management.ts'
import { type LazyOnDemand, openLazyOnDemand } from './lazy-on-demand.ts'
import { type RunningService, startService } from './running-service.ts'
import { stopSignal } from './stop-signal.ts'
import { watchFiles } from './watch-files.ts'

/** `acme-edge run`: serves until SIGTERM or SIGINT; SIGHUP, or a change of the config or a rule file, reloads. */
export function runCommand(): Command {
  return new Command('run')
    .summary('serve the sites of a config')
    .description('Serves the sites of a config until SIGTERM; SIGHUP or a changed file reloads it.')
    .requiredOption('--config <file>', 'the config file (edge.yaml)')
    .action(({ config }: { config: string }) => run(config))
}

async function run(path: string): Promise<void> {
  const config = await loadConfig(path)
  const log = createLog()
  const health = createHealth()
  const opened = await openStore(config.store, log)
  opened.shared?.redis.onOutage((isLost) => health.set('store-lost', isLost))
  const replica = await openReplica(opened.shared, log)
  const stopping = stopSignal()
  const leave = async () => {
    await replica.close()
    opened.close()
  }
  const demand = await openLazyOnDemand(config, { ...opened, log })
  const parts = { log, store: opened.local, activeChallenges: () => replica.join(), demand }
  const service = await startService(config, parts).catch(async (error) => {
    await leave()
    throw error
  })
  const closers: (() => Promise<void>)[] = [() => service.close(), leave]
  try {
    const publisher = replica.attach(service.publisher)
    // A command that has installed or revoked a certificate says so here: the manager looks at it again at once.
    const installed = async (name: string, signal: AbortSignal) => {
      await publisher.installed(name, signal)
      management?.wake(name)
    }
    let management: LazyManagement | undefined
    replica.onRevoked((name) => management?.wake(name))
    const control = await startControlServer(opened.folder, { ...publisher, installed })
    closers.unshift(() => control.close())
    management = await openManagement(config, { ...opened, publisher, log })
    closers.unshift(() => management.close())
    demand.attach(publisher)
    closers.unshift(() => demand.close())
    if (config.admin !== undefined) {
      const metrics = () => scrape({ service, management, demand }, health)
      const admin = await startAdmin({ listen: config.admin, health: health.snapshot, metrics })
      closers.push(() => admin.close())
    }
    const reloader = startReloading(config, { service, management, demand }, log)
    closers.unshift(async () => reloader.close())
    health.set('starting', false)
    log.info({ ...service.addresses, workers: config.workers }, 'ready')
    await stopping
  } finally {
    await shutDown(closers, health, log)
  }
}

async function scrape({ service, management, demand }: Running, health: Health): Promise<string> {
  const services = [...(await service.metrics()), ...(await management.metrics()), ...(await demand.metrics())]
  return renderMetrics([...services, await health.metrics()])
}

async function shutDown(closers: readonly (() => Promise<void>)[], health: Health, log: Logger): Promise<void> {
  health.set('draining', true)
  log.info({}, 'draining')
  for (const close of closers) await close()
  log.info({}, 'stopped')
}

/** What a reload changes, and a scrape asks. */
interface Running {
  readonly service: RunningService
  readonly management: LazyManagement
  readonly demand: LazyOnDemand
}

/** Reloads one after the other: the last change wins, and no two generations are built at once. */
function startReloading(first: EdgeConfig, parts: Running, log: Logger): { close(): void } {
  let config = first
  let running = Promise.resolve()
  const request = () => {
    running = running.then(async () => {
      config = await reload(config, parts, log)
      watched.close()
      watched = watchFiles([config.file, ...config.waf.rules], request)
    })
  }
  let watched = watchFiles([config.file, ...config.waf.rules], request)
  process.on('SIGHUP', request)
  return {
    close() {
      watched.close()
      process.removeListener('SIGHUP', request)
    },
  }
}

/** The config that serves afterwards: the new one, or the old one when the new one cannot be used. */
async function reload(old: EdgeConfig, { service, management, demand }: Running, log: Logger): Promise<EdgeConfig> {
  try {
    const next = await loadConfig(old.file)
    await service.reload(next)
    await management.reload(next)
    await demand.reload(next)
    warnOfRestart(old, next, log)
    log.info({ [field.path]: next.file }, 'reloaded')
    return next
  } catch (error) {
    const { code, message, problems } = toEdgeError(error)
    const places = problems.map(
      ({ location: { file, line, column }, message: text }) => `${file}:${line}:${column}: ${text}`,
    )
    const fields = { [field.errorCode]: code, [field.error]: message, [field.problems]: places }
    log.error(fields, 'reload refused; the old config serves on')
    return old
  }
}

/** Keys that are read at start alone: whoever changes them has to know. */
function warnOfRestart(old: EdgeConfig, next: EdgeConfig, log: Logger): void {
  for (const key of ['listen', 'store', 'admin', 'workers', 'log'] as const) {
    if (JSON.stringify(old[key]) !== JSON.stringify(next[key])) {
      log.warn({ [field.name]: key }, 'this key takes effect at the next start')
    }
  }
}
