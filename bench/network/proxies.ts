import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isInstalled } from './installed.ts'
import { caddyFile, haproxyFile, nginxFile } from './peer-files.ts'
import type { Rules } from './workloads.ts'

/** One side of the comparison: how it is started in front of the origin. */
export interface BenchProxy {
  readonly name: string
  readonly rules: Rules
  readonly command: readonly string[]
  readonly httpPort: number
  /** Undefined: it takes no part in TLS and HTTP/2. */
  readonly httpsPort: number | undefined
}

export interface ProxySetting {
  readonly folder: string
  readonly originPort: number
  readonly httpPort: number
  readonly httpsPort: number
  /** The rule file that all engines load; undefined without a WAF. */
  readonly ruleFile: string | undefined
  /** A store of acme-edge with a certificate for `localhost`. */
  readonly store: string
  /** Processes of acme-edge; one unless said. */
  readonly workers?: number
}

/** A proxy that can be compared, whether or not this machine has it. */
export interface ProxyKind {
  readonly name: string
  readonly hasWaf: boolean
  readonly hasTls: boolean
  /** What is missing on this machine; undefined when it can be started. */
  missing(): string | undefined
  /** Writes its files and returns the command. */
  prepare(setting: ProxySetting): string[]
}

const root = join(import.meta.dirname, '../..')
const modSecurityModule = '/usr/lib/nginx/modules/ngx_http_modsecurity_module.so'

export const proxyKinds: readonly ProxyKind[] = [
  { name: 'acme-edge', hasWaf: true, hasTls: true, missing: () => undefined, prepare: prepareAcmeEdge },
  {
    name: 'nginx+libmodsecurity',
    hasWaf: true,
    hasTls: true,
    missing: () => whenAbsent('nginx', modSecurityModule),
    prepare: (setting) => prepareNginx(setting, modSecurityModule),
  },
  {
    name: 'nginx',
    hasWaf: false,
    hasTls: true,
    missing: () => whenAbsent('nginx'),
    prepare: (setting) => prepareNginx(setting, undefined),
  },
  {
    name: 'haproxy',
    hasWaf: false,
    hasTls: false,
    missing: () => whenAbsent('haproxy'),
    prepare(setting) {
      const file = join(setting.folder, 'haproxy.cfg')
      writeFileSync(file, haproxyFile(setting))
      return ['haproxy', '-f', file]
    },
  },
  {
    name: 'caddy',
    hasWaf: false,
    hasTls: false,
    missing: () => whenAbsent('caddy'),
    prepare(setting) {
      const file = join(setting.folder, 'Caddyfile')
      writeFileSync(file, caddyFile(setting))
      return ['env', 'GOMAXPROCS=1', 'caddy', 'run', '--adapter', 'caddyfile', '--config', file]
    },
  },
  {
    name: 'bare-undici',
    hasWaf: false,
    hasTls: false,
    missing: () => undefined,
    prepare: ({ httpPort, originPort }) => [
      process.execPath,
      join(import.meta.dirname, 'bare-proxy.ts'),
      String(httpPort),
      String(originPort),
    ],
  },
]

/** Whether a proxy takes part where these rules are in force; acme-edge does so without a WAF, too. */
export function takesPart({ name, hasWaf }: ProxyKind, rules: Rules): boolean {
  return name === 'acme-edge' || hasWaf === (rules !== 'off')
}

/** Writes its config and returns the command. */
export function prepareAcmeEdge(setting: ProxySetting): string[] {
  const file = join(setting.folder, 'edge.yaml')
  writeFileSync(file, edgeConfig(setting))
  return [join(root, 'bin/acme-edge'), 'run', '--config', file]
}

function prepareNginx(setting: ProxySetting, module: string | undefined): string[] {
  mkdirSync(join(setting.folder, 'temp'), { recursive: true })
  const file = join(setting.folder, 'nginx.conf')
  writeFileSync(file, nginxFile(setting, module))
  return ['nginx', '-c', file]
}

function whenAbsent(program: string, ...files: string[]): string | undefined {
  return [program, ...files].find((item) => !isInstalled(item))
}

function edgeConfig(setting: ProxySetting): string {
  const { folder, originPort, httpPort, httpsPort, ruleFile, store, workers = 1 } = setting
  const waf =
    ruleFile === undefined
      ? '{ mode: off, rules: [] }'
      : `{ mode: block, rules: ["${ruleFile}"], error_log: "${folder}/waf.log" }`
  return `listen: { http: ["127.0.0.1:${httpPort}"], https: ["127.0.0.1:${httpsPort}"] }
sites: [{ hosts: ["*"], origin: ["http://127.0.0.1:${originPort}"] }]
waf: ${waf}
store: "file:${store}"
log: { access: off }
workers: ${workers}
limits: { requests_per_socket: 1000000 }
`
}
