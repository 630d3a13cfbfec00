import { Command, Option } from 'commander'
import { type Authority, openAuthority } from '../acme/local-ca/authority.ts'
import { describeConstraints } from '../acme/local-ca/name-constraints.ts'
import { type AcmeServer, startAcmeServer } from '../acme/local-ca/start-acme-server.ts'
import { createResolver } from '../acme/local-ca/validation-network.ts'
import { EdgeError } from '../errors.ts'
import { createLog, type Logger } from '../log.ts'
import type { Store } from '../store/contract.ts'
import { folderOption, lockSignal, openCaFolder, passphraseOption, readRootKeyAccess } from './ca-folder.ts'
import { chooseHosts } from './ca-hosts.ts'
import {
  type ListenFlag,
  parseCount,
  parseDns,
  parseHost,
  parseLife,
  parseListen,
  parsePort,
  readExternalAccounts,
} from './ca-serve-flags.ts'
import { jsonOption } from './options.ts'

interface Flags {
  readonly folder: string
  readonly listen: ListenFlag
  readonly host?: readonly string[]
  readonly httpPort: number
  readonly httpsPort: number
  readonly dns?: string
  readonly life: number
  readonly accountsPerMinute: number
  readonly ordersPerMinute: number
  readonly validationsPerMinute: number
  readonly eabFile?: string
  readonly rootKey?: string
  readonly passphraseFile?: string
  readonly json: boolean
}

const hourMs = 3_600_000
const drainMs = 10_000
const defaultLifeMs = 7 * 24 * hourMs
const maxRedirects = 10

/** `acme-edge ca serve`: an ACME server over HTTPS for the machines of a development network. */
export function caServeCommand(): Command {
  return new Command('serve')
    .description('Serve ACME (RFC 8555) over HTTPS; names are proven over HTTP-01.')
    .addOption(folderOption())
    .addOption(
      new Option('--listen <host:port>', 'address to listen on; 0.0.0.0 or [::] for all')
        .argParser(parseListen)
        .default({ host: '127.0.0.1', port: 14_000 }, '127.0.0.1:14000'),
    )
    .option(
      '--host <name>',
      'name or address by which clients reach it; may be repeated; default: the address listened on, or all of this machine',
      (value: string, earlier: readonly string[] = []) => [...earlier, parseHost(value)],
    )
    .option('--http-port <port>', 'port that HTTP-01 is asked on', parsePort, 80)
    .option('--https-port <port>', 'port that redirects to https may lead to', parsePort, 443)
    .option('--dns <server>', "DNS server (address or address:port) instead of the system's", parseDns)
    .addOption(
      new Option('--life <time>', 'life of certificates, such as 24h or 7d; 10m to 90d')
        .argParser(parseLife)
        .default(defaultLifeMs, '7d'),
    )
    .option('--accounts-per-minute <n>', 'new accounts that one address may make', parseCount, 30)
    .option('--orders-per-minute <n>', 'new orders of one account', parseCount, 120)
    .option('--validations-per-minute <n>', 'challenges that one host is asked for', parseCount, 60)
    .option(
      '--eab-file <file>',
      'accounts need external account binding with a key of this file: a kid and its base64url key a line',
    )
    .option('--root-key <file>', 'the root key, where it is not in the folder: renews the issuing certificate when due')
    .addOption(passphraseOption())
    .addOption(jsonOption())
    .action(serve)
}

async function serve(flags: Flags): Promise<void> {
  if (flags.httpPort === flags.listen.port) {
    throw new EdgeError(
      'ACME_EDGE_USAGE',
      `--listen and --http-port are both ${flags.httpPort}: the CA would ask itself`,
    )
  }
  const log = createLog('info')
  const [rootKey, externalAccounts] = await Promise.all([readRootKeyAccess(flags), readExternalAccounts(flags.eabFile)])
  const store = await openCaFolder(flags.folder, log)
  const stopping = stopRequested()
  const lock = await store.lock('acme-server', lockSignal())
  try {
    const options = { store, log, rootKey, create: false, leafLifeMs: flags.life, signal: lockSignal() } as const
    const authority = await openAuthority(options)
    await authority.maintain()
    const server = await start(flags, { authority, store, log, externalAccounts })
    report(server, authority, flags)
    await aborted(AbortSignal.any([stopping, lock.signal]))
    log.info({}, 'stopping')
    await server.close(drainMs)
    lock.signal.throwIfAborted() // somebody else has the folder: that is no orderly end
  } finally {
    await lock.release()
  }
}

interface Parts {
  readonly authority: Authority
  readonly store: Store
  readonly log: Logger
  readonly externalAccounts: ReadonlyMap<string, Buffer> | undefined
}

function start(flags: Flags, { authority, store, log, externalAccounts }: Parts): Promise<AcmeServer> {
  const { listen, httpPort, httpsPort, accountsPerMinute, ordersPerMinute, validationsPerMinute } = flags
  return startAcmeServer({
    ...{ authority, store, log, listen },
    hosts: chooseHosts(flags, authority.constraints),
    validationPort: httpPort,
    validation: { resolve: createResolver(flags.dns), httpsPort, maxRedirects },
    rateLimits: { accountsPerMinute, ordersPerMinute, validationsPerMinute },
    ...(externalAccounts && { externalAccounts }),
  })
}

function report(
  { directoryUrl, port }: AcmeServer,
  { constraints }: Authority,
  { json, folder, httpPort }: Flags,
): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ event: 'ready', directory: directoryUrl, port, permit: constraints })}\n`)
    return
  }
  process.stdout.write(
    [
      `ACME directory  ${directoryUrl}`,
      `  vouches for   ${describeConstraints(constraints)}`,
      `  validates     http://<name>:${httpPort}/.well-known/acme-challenge/`,
      `  its root      acme-edge ca root --folder ${folder} --pem`,
      '',
    ].join('\n'),
  )
}

/** Aborts with the first SIGINT or SIGTERM; the second ends the process as usual. */
function stopRequested(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort())
  return controller.signal
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) resolve()
  signal.addEventListener('abort', () => resolve(), { once: true })
  return promise
}
