import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** One side of the comparison: how it is started in front of the origin. */
export interface BenchProxy {
  readonly name: string
  readonly command: readonly string[]
  readonly port: number
}

interface Setting {
  readonly folder: string
  readonly originPort: number
  readonly firstPort: number
}

const root = join(import.meta.dirname, '..')

/** What can be compared on this machine; what is not installed is named in `missing`. */
export function availableProxies({ folder, originPort, firstPort }: Setting): {
  proxies: BenchProxy[]
  missing: string[]
} {
  const proxies: BenchProxy[] = [
    edge('acme-edge, WAF off', 'off', firstPort),
    edge('acme-edge, shipped rules', 'block', firstPort + 1),
    {
      name: 'node:http + undici, bare',
      command: [process.execPath, join(root, 'bench/bare-proxy.ts'), String(firstPort + 2), String(originPort)],
      port: firstPort + 2,
    },
  ]
  const peers = [nginx, haproxy, caddy]
  const missing = peers.filter(({ program }) => !isInstalled(program)).map(({ program }) => program)
  for (const [i, peer] of peers.entries()) {
    if (!isInstalled(peer.program)) continue
    const port = firstPort + 3 + i
    const file = join(folder, peer.program)
    writeFileSync(file, peer.config(port, originPort, folder))
    proxies.push({ name: peer.name, command: peer.command(file), port })
  }
  return { proxies, missing }

  function edge(name: string, mode: string, port: number): BenchProxy {
    const file = join(folder, `edge-${mode}.yaml`)
    writeFileSync(file, edgeConfig({ mode, port, originPort, store: `store-${mode}` }))
    return { name, command: [join(root, 'bin/acme-edge'), 'run', '--config', file], port }
  }
}

export function isInstalled(program: string): boolean {
  try {
    execFileSync('which', [program], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function edgeConfig({
  mode,
  port,
  originPort,
  store,
}: {
  mode: string
  port: number
  originPort: number
  store: string
}): string {
  return `listen: { http: ["127.0.0.1:${port}"] }
sites: [{ hosts: ["*"], origin: ["http://127.0.0.1:${originPort}"] }]
waf: { mode: ${mode}, rules: ["@acme-edge"] }
store: "file:${store}"
log: { access: off }
limits: { requests_per_socket: 1000000 }
`
}

const nginx = {
  name: 'nginx, no WAF',
  program: 'nginx',
  command: (file: string) => ['nginx', '-c', file],
  config: (
    port: number,
    originPort: number,
    folder: string,
  ) => `daemon off; master_process off; pid ${folder}/nginx-proxy.pid;
error_log ${folder}/nginx-proxy.log; worker_processes 1; events {}
http { access_log off; keepalive_requests 10000000;
upstream origin { server 127.0.0.1:${originPort}; keepalive 64; }
server { listen 127.0.0.1:${port}; location / { proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; } } }
`,
}

const haproxy = {
  name: 'haproxy, no WAF',
  program: 'haproxy',
  command: (file: string) => ['haproxy', '-f', file],
  config: (port: number, originPort: number) => `global
  nbthread 1
defaults
  mode http
  timeout client 10s
  timeout server 10s
  timeout connect 5s
listen all
  bind 127.0.0.1:${port}
  server origin 127.0.0.1:${originPort}
`,
}

const caddy = {
  name: 'caddy, no WAF',
  program: 'caddy',
  command: (file: string) => ['env', 'GOMAXPROCS=1', 'caddy', 'run', '--adapter', 'caddyfile', '--config', file],
  config: (port: number, originPort: number) => `{
  admin off
  auto_https off
}
http://127.0.0.1:${port} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${originPort}
}
`,
}
