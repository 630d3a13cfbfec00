import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { certificateMaker } from '../../bench/certificates.ts'

/** Fills a store's `live/` with folders `shop-0.example` … as somebody would by hand; all share one key. */
export async function writeManyCertificates(folder: string, count: number): Promise<void> {
  const make = await certificateMaker()
  for (let i = 0; i < count; i++) {
    const { name, fullChainPem, privateKeyPem } = await make(`shop-${i}.example`)
    const live = join(folder, 'live', name)
    mkdirSync(live, { recursive: true, mode: 0o700 })
    writeFileSync(join(live, 'fullchain.pem'), fullChainPem)
    writeFileSync(join(live, 'privkey.pem'), privateKeyPem, { mode: 0o600 })
  }
}
