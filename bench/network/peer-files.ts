import { join } from 'node:path'
import type { ProxySetting } from './proxies.ts'

/** One worker; bodies in memory, as acme-edge keeps them; connections kept on both sides; no access log. */
export function nginxFile(setting: ProxySetting, modSecurityModule: string | undefined): string {
  const { folder, originPort, httpPort, httpsPort, ruleFile, store } = setting
  const load = modSecurityModule === undefined ? '' : `load_module ${modSecurityModule};`
  const waf = ruleFile === undefined ? '' : `modsecurity on; modsecurity_rules_file ${ruleFile};`
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  const certificate = join(store, 'live/localhost')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `${load} daemon off; master_process off; ${user} pid ${folder}/nginx.pid; error_log ${folder}/nginx.log error;
worker_processes 1; events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 100000000; ${waf}
  ${temporary.map((name) => `${name}_temp_path ${folder}/temp/${name};`).join(' ')}
  client_max_body_size 20m; client_body_buffer_size 2m; proxy_buffers 32 16k; proxy_buffer_size 16k;
  ssl_certificate ${certificate}/fullchain.pem; ssl_certificate_key ${certificate}/privkey.pem;
  upstream origin { server 127.0.0.1:${originPort}; keepalive 64; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${httpPort}; listen 127.0.0.1:${httpsPort} ssl http2;
    location / {
      proxy_pass http://origin; proxy_http_version 1.1;
      proxy_set_header Connection ""; proxy_set_header Host $http_host;
    }
  }
}
`
}

export function haproxyFile({ httpPort, originPort }: ProxySetting): string {
  return `global
  nbthread 1
defaults
  mode http
  timeout client 10s
  timeout server 10s
  timeout connect 5s
listen all
  bind 127.0.0.1:${httpPort}
  server origin 127.0.0.1:${originPort}
`
}

export function caddyFile({ httpPort, originPort }: ProxySetting): string {
  return `{
  admin off
  auto_https off
}
http://:${httpPort} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${originPort}
}
`
}
