import { createLog } from '../log.ts'
import { runWorker } from '../workers/worker.ts'
import { buildServices } from './edge-services.ts'

/** The entry of a worker's process: `run` starts it, nobody else does. */
runWorker((start, collections) => {
  const built = buildServices(start.config, createLog(), collections)
  return {
    ...built,
    services: { ...built.services, reusePort: true, ticketKeys: Buffer.from(start.ticketKeys, 'base64') },
  }
})
