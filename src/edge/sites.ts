import type { EdgeConfig, LimitsConfig } from '../config/config.ts'
import type { EdgeRequest, EdgeResponse } from '../http.ts'
import { openSiteOrigins, type SiteOrigins } from '../origin/origins.ts'
import { statusPage } from './error-response.ts'

/** What becomes of a request that passed inspection. */
export type Destination =
  | { readonly kind: 'origin'; readonly origins: SiteOrigins }
  | { readonly kind: 'answer'; readonly response: EdgeResponse }

export interface Sites {
  /** The destination for the request's host; `undefined` when no site has it. */
  find(request: EdgeRequest): Destination | undefined
  close(): Promise<void>
}

interface Site {
  readonly origins: SiteOrigins
  readonly httpsRedirect: boolean
}

/** Opens the pools of all sites. An exact host goes before `*.parent`, and that before `*`. */
export function openSites(sites: EdgeConfig['sites'], limits: LimitsConfig): Sites {
  const byHost = new Map<string, Site>()
  for (const config of sites) {
    const site = { origins: openSiteOrigins(config, limits), httpsRedirect: config.httpsRedirect }
    for (const host of config.hosts) byHost.set(host, site)
  }
  return {
    find(request) {
      const { host } = request
      const site = byHost.get(host) ?? byHost.get(`*${host.slice(host.indexOf('.'))}`) ?? byHost.get('*')
      if (site === undefined) return undefined
      if (site.httpsRedirect && !request.secure) return { kind: 'answer', response: redirectToHttps(request) }
      return { kind: 'origin', origins: site.origins }
    },
    async close() {
      await Promise.all([...new Set(byHost.values())].map(({ origins }) => origins.close()))
    },
  }
}

/** 308 keeps method and body (RFC 9110 §15.4.9). Inspected requests only come here; the challenge path is no exception. */
function redirectToHttps({ host, target }: EdgeRequest): EdgeResponse {
  const authority = host.includes(':') ? `[${host}]` : host
  const path = target.startsWith('/') ? target : '/'
  return statusPage(308, ['location', `https://${authority}${path}`])
}
