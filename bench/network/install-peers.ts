import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** Installs the peers and the load generators where this machine can; what it cannot is named in the report. */
export function installPeers(): void {
  const script = join(import.meta.dirname, '../../scripts/install-bench-peers.sh')
  spawnSync('sh', [script], { stdio: ['ignore', 2, 2] })
}
