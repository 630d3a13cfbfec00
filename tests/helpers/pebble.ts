import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { accessSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import * as x509 from '@peculiar/x509'
import { freePorts } from './free-ports.ts'

export interface PebbleOptions {
  /** A folder of the test: certificates, config and logs go there. */
  readonly folder: string
  /** Per cent of nonces that are refused. Default: 0. */
  readonly nonceReject?: number
  /** Port that HTTP-01 is asked on. Default: a free one. */
  readonly httpPort?: number
  /** Port of the ACME server, to start it again at the same address. Default: a free one. */
  readonly acmePort?: number
}

export interface PebbleOptions {
  /** By name, seconds that certificates of it live. Default: `default`, 90 days. */
  readonly profiles?: Readonly<Record<string, number>>
  /** MAC keys (base64url) of the CA's customers by kid; where given, no other can register. Default: anybody can. */
  readonly externalAccounts?: Readonly<Record<string, string>>
  /** Roots beside the first one, each with a chain of its own. Default: 0. */
  readonly alternateRoots?: number
}

export interface Pebble {
  readonly directory: string
  /** Where it is told what to do (`/set-renewal-info/` and others), over the same TLS. */
  readonly management: string
  /** PEM file to check its TLS against. */
  readonly rootCa: string
  /** What it serves TLS with (for 127.0.0.1), so that a proxy in front of it can, too. */
  readonly tls: { readonly certificate: string; readonly privateKey: string }
  readonly httpPort: number
  readonly acmePort: number
  /** The name server that it asks, `address:port`; every name is 127.0.0.1 there. */
  readonly dns: string
  stop(): Promise<void>
}

/** Why tests with Pebble cannot run here, as tap's `skip` wants it; with CI set a missing Pebble is a failure. */
export function pebbleMissing(): string | false {
  const missing = ['pebble', 'pebble-challtestsrv'].filter((name) => findProgram(name) === undefined)
  if (missing.length === 0) return false
  const reason = `${missing.join(' and ')} not installed (scripts/install-pebble.sh)`
  if (process.env.CI) throw new Error(reason)
  return reason
}

/** Starts a Pebble of its own whose every name resolves to 127.0.0.1. */
export async function startPebble(options: PebbleOptions): Promise<Pebble> {
  await mkdir(options.folder, { recursive: true })
  const tls = await writeTls(options.folder)
  const [freeAcme, management, freeHttp, tlsPort, dns, dnsManagement] = await freePorts(6)
  const acmePort = options.acmePort ?? freeAcme
  const httpPort = options.httpPort ?? freeHttp
  const config = join(options.folder, 'pebble.json')
  await writeFile(
    config,
    JSON.stringify({
      pebble: {
        listenAddress: `127.0.0.1:${acmePort}`,
        managementListenAddress: `127.0.0.1:${management}`,
        certificate: tls.certificate,
        privateKey: tls.privateKey,
        httpPort,
        tlsPort,
        ocspResponderURL: '',
        externalAccountBindingRequired: options.externalAccounts !== undefined,
        externalAccountMACKeys: options.externalAccounts ?? {},
        domainBlocklist: ['blocked-domain.example'],
        retryAfter: { authz: 1, order: 1 },
        profiles: Object.fromEntries(
          Object.entries(options.profiles ?? { default: 7_776_000 }).map(([name, validityPeriod]) => [
            name,
            { description: 'for the tests', validityPeriod },
          ]),
        ),
      },
    }),
  )
  const listen = ['-http01', '', '-https01', '', '-tlsalpn01', '', '-defaultIPv6', '', ...dohFlags()]
  const dnsServer = start('pebble-challtestsrv', [
    ...listen,
    '-dnsserver',
    `127.0.0.1:${dns}`,
    '-management',
    `127.0.0.1:${dnsManagement}`,
  ])
  const server = start('pebble', ['-config', config, '-dnsserver', `127.0.0.1:${dns}`], {
    PEBBLE_VA_NOSLEEP: '1',
    PEBBLE_AUTHZREUSE: '0',
    PEBBLE_ALTERNATE_ROOTS: String(options.alternateRoots ?? 0),
    PEBBLE_WFE_NONCEREJECT: String(options.nonceReject ?? 0),
  })
  await Promise.all([printed(server, 'ACME directory available'), printed(dnsServer, 'Starting')])
  await accepting(Number(acmePort)) // it says so a moment before it listens
  return {
    directory: `https://127.0.0.1:${acmePort}/dir`,
    management: `https://127.0.0.1:${management}`,
    rootCa: tls.root,
    tls,
    httpPort: Number(httpPort),
    acmePort: Number(acmePort),
    dns: `127.0.0.1:${dns}`,
    stop: async () => void (await Promise.all([stop(server), stop(dnsServer)])),
  }
}

function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), join(homedir(), 'go/bin')]
  const paths = folders.map((folder) => join(folder, name))
  return paths.find((path) => {
    try {
      accessSync(path)
      return true
    } catch {
      return false
    }
  })
}

/** Its DNS over HTTPS listens on a fixed port unless it is told not to; the older one has none and refuses the flag. */
function dohFlags(): string[] {
  const { stdout, stderr } = spawnSync(String(findProgram('pebble-challtestsrv')), ['-h'], { encoding: 'utf8' })
  return `${stdout}${stderr}`.includes('-doh ') ? ['-doh', ''] : []
}

function start(name: string, args: string[], env: Record<string, string> = {}): ChildProcess {
  const options = { env: { ...process.env, ...env }, stdio: ['ignore' as const, 'pipe' as const, 'pipe' as const] }
  const child = spawn(String(findProgram(name)), args, options)
  // A test that ends early must not leave servers behind.
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.removeListener('exit', kill))
  return child
}

async function printed(child: ChildProcess, text: string): Promise<void> {
  let output = ''
  await new Promise<void>((resolve, reject) => {
    const look = (chunk: Buffer) => {
      output += chunk
      if (output.includes(text)) resolve()
    }
    child.stdout?.on('data', look)
    child.stderr?.on('data', look)
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`${child.spawnfile} ended: ${output.slice(-2000)}`)))
    setTimeout(() => reject(new Error(`${child.spawnfile} is not ready: ${output.slice(-2000)}`)), 15_000).unref()
  })
}

async function accepting(port: number): Promise<void> {
  for (const deadline = Date.now() + 15_000; ; await delay(20)) {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
    } finally {
      socket.destroy()
    }
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

async function writeTls(folder: string) {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const times = { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 86_400_000) }
  const rootKeys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=test root of Pebble',
    keys: rootKeys,
    signingAlgorithm: algorithm,
    ...times,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  })
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'CN=127.0.0.1',
    issuer: root.subject,
    publicKey: keys.publicKey,
    signingKey: rootKeys.privateKey,
    signingAlgorithm: algorithm,
    ...times,
    extensions: [
      new x509.SubjectAlternativeNameExtension([
        { type: 'ip', value: '127.0.0.1' },
        { type: 'dns', value: 'localhost' },
      ]),
    ],
  })
  const key = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  const paths = {
    root: join(folder, 'root.pem'),
    certificate: join(folder, 'tls.pem'),
    privateKey: join(folder, 'tls.key'),
  }
  await writeFile(paths.root, `${root.toString('pem')}\n`)
  await writeFile(paths.certificate, `${certificate.toString('pem')}\n`)
  await writeFile(paths.privateKey, `${key}\n`, { mode: 0o600 })
  return paths
}
