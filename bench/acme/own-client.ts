import { parseCertificateNames } from '../../src/acme/certificate-names.ts'
import { issueCertificate } from '../../src/acme/issue-certificate.ts'
import { loadConfig } from '../../src/config/load.ts'
import { connectControl } from '../../src/control/client.ts'
import { createLog } from '../../src/log.ts'
import { openStore } from '../../src/store/open-store.ts'

/**
 * Gets certificates one after the other as `acme-edge issue` does beside a running edge, which answers the challenges and
 * serves each certificate at once; prints what each took, one JSON object a line. Arguments: config, then names.
 */
const [file = '', ...names] = process.argv.slice(2)
const config = await loadConfig(file)
const { store, folder, close } = await openStore(config.store, createLog('warn'))
const edge = await connectControl(folder)
if (!config.acme || !edge) throw new Error('the config has no CA, or its edge does not run')
for (const name of names) {
  const startedAt = performance.now()
  await issueCertificate({
    names: parseCertificateNames([name]),
    acme: config.acme,
    store,
    certificateFolder: folder,
    publisher: edge,
    signal: AbortSignal.timeout(120_000),
  })
  process.stdout.write(`${JSON.stringify({ names: [name], ms: performance.now() - startedAt })}\n`)
}
await edge.close()
close()
