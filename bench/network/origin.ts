import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { page } from '../requests/page.ts'
import { Values } from '../requests/values.ts'
import { pageSizes } from './workloads.ts'

/**
 * nginx as the origin: 1 KB to any request, in a type whose body no rule set looks at, and pages of text, each another.
 * Returns the command that starts it.
 */
export function writeOrigin(folder: string, port: number): string[] {
  const values = new Values(7)
  for (const { path, bytes, count } of pageSizes) {
    mkdirSync(join(folder, 'page', path), { recursive: true })
    for (let i = 0; i < count; i++) writeFileSync(join(folder, 'page', path, String(i)), page(values, bytes))
  }
  const file = join(folder, 'origin.conf')
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  writeFileSync(
    file,
    `daemon off; master_process off; ${user} pid ${folder}/origin.pid; error_log ${folder}/origin.log; worker_processes 1;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 100000000; open_file_cache max=8000; open_file_cache_valid 1h;
  client_body_temp_path ${folder}/origin-body; client_max_body_size 20m; client_body_buffer_size 2m;
  server {
    listen 127.0.0.1:${port};
    location / { default_type application/octet-stream; return 200 "${'x'.repeat(1024)}"; }
    location /page/ { default_type text/html; root ${folder}; }
  }
}
`,
  )
  return ['nginx', '-c', file]
}
