import type { HostName } from '../http.ts'

/** What happens while a certificate is issued, for a person to watch and a machine to read. */
export type Progress =
  | { readonly kind: 'account'; readonly state: 'created' | 'reused' | 'recreated'; readonly url: string }
  | { readonly kind: 'order'; readonly state: 'created' | 'resumed'; readonly url: string }
  | {
      readonly kind: 'authorization'
      readonly host: HostName
      /** `published`: the token is served; `asked`: the CA was told to look; `valid`: it looked, or knew already. */
      readonly state: 'published' | 'asked' | 'valid'
    }
  | { readonly kind: 'finalized' }
  /** The CA offers no chain that ends with this issuer; its default is taken. */
  | { readonly kind: 'chain'; readonly missing: string }
  | { readonly kind: 'downloaded' }
  | { readonly kind: 'installed'; readonly name: string; readonly notAfterMs: number }

export type OnProgress = (progress: Progress) => void
