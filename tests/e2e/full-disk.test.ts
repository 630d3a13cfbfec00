import { existsSync } from 'node:fs'
import t from 'tap'
import { startEdgeProcess } from '../helpers/edge-process.ts'
import { startOrigin } from '../helpers/recording-origin.ts'

const skip = existsSync('/dev/full') ? false : 'this system has no /dev/full'

for (const workers of [1, 2]) {
  t.test(`a full disk under the access log loses records, nothing else (${workers} workers)`, { skip }, async (t) => {
    const origin = await startOrigin()
    t.teardown(() => origin.close())
    const extra = { workers, log: { access: '/dev/full' } }
    const edge = await startEdgeProcess({ hosts: ['*'], origins: [`http://127.0.0.1:${origin.port}`], extra })
    let served = 0
    for (let i = 0; i < 5; i++) {
      const { status } = await fetch(`http://127.0.0.1:${edge.httpPort}/${i}`)
      if (status === 200) served++
    }
    t.equal(served, 5)
    t.match(edge.stderr(), /the access log cannot be written/)
    edge.signal('SIGTERM')
    t.same(await edge.exited, { code: 0, signal: null }, 'it ends, and well')
    await edge.stop()
  })
}
