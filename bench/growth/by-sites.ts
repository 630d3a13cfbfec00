import type { SiteConfig } from '../../src/config/config.ts'
import { defaultLimits, toLimitsConfig } from '../../src/config/limits-schema.ts'
import { openSites } from '../../src/edge/sites.ts'
import type { EdgeRequest, HostName } from '../../src/http.ts'
import { collectGarbage } from '../engine/collector-time.ts'
import type { Point, Series } from './series.ts'
import { timeCalls } from './time-calls.ts'

const counts = [1, 10, 100, 1_000, 10_000]
const limits = toLimitsConfig(defaultLimits())

export const bySites: readonly Series[] = [
  {
    name: 'site-look-up',
    title: 'look-up among sites',
    xUnit: 'sites',
    yUnit: 'ns',
    expectation: 'constant',
    measure: () =>
      eachCount(async (count) => {
        const sites = openSites(siteConfigs(count), limits)
        const requests = Array.from({ length: 1_000 }, (_, i) => requestFor(`shop-${(i * 7919) % count}.example`))
        const y = timeCalls(20_000, (i) => sites.find(requests[i % 1_000] as EdgeRequest)) // there are 1,000
        await sites.close()
        return { x: count, y }
      }),
  },
  {
    name: 'site-opening',
    title: 'opening sites, each with an origin of its own',
    xUnit: 'sites',
    yUnit: 'ms',
    expectation: 'linear',
    measure: () =>
      eachCount(async (count) => {
        const configs = siteConfigs(count)
        collectGarbage()
        const before = process.memoryUsage().heapUsed
        const startedAt = performance.now()
        const sites = openSites(configs, limits)
        const y = performance.now() - startedAt
        collectGarbage()
        const bytes = (process.memoryUsage().heapUsed - before) / count
        await sites.close()
        return { x: count, y, ...(count < 1_000 ? {} : { note: `${Math.round(bytes)} bytes each` }) }
      }),
  },
]

async function eachCount(measure: (count: number) => Promise<Point>): Promise<Point[]> {
  const points: Point[] = []
  for (const count of counts) points.push(await measure(count))
  return points
}

function siteConfigs(count: number): SiteConfig[] {
  return Array.from({ length: count }, (_, i) => {
    const origins = [{ secure: false, host: '127.0.0.1', port: 1024 + (i % 60_000) }]
    return { hosts: [`shop-${i}.example`], origins, httpsRedirect: false, originCa: undefined }
  })
}

/** As much of a request as choosing a site reads. */
function requestFor(host: string): EdgeRequest {
  return { host: host as HostName, secure: false, target: '/' } as EdgeRequest // the rest is not looked at
}
