import type { RevokedCertificate } from './authority.ts'
import type { Ca, Reply } from './resource.ts'
import type { State } from './state.ts'

interface Made {
  readonly revoked: number
  readonly untilMs: number
  readonly pem: Promise<string>
}

/** Anybody may ask: signing for each would let a stranger buy CPU time. A new revocation makes a new list at once. */
const keepMs = 60_000
const made = new WeakMap<State, Made>()

/** What was revoked, as lists that a TLS server or `openssl verify` can load: PEM, one for each issuing certificate. */
export async function revocationLists(ca: Ca): Promise<Reply> {
  const revoked = [...ca.state.certificates.values()].flatMap(({ leaf, revocation }) => {
    return revocation.kind === 'revoked' ? [{ leaf, ...revocation }] : []
  })
  const known = made.get(ca.state)
  const isFresh = known && known.revoked === revoked.length && known.untilMs > ca.clock()
  const lists = isFresh ? known : { revoked: revoked.length, untilMs: ca.clock() + keepMs, pem: sign(ca, revoked) }
  made.set(ca.state, lists)
  const body = await lists.pem.catch((error) => {
    made.delete(ca.state)
    throw error
  })
  return { status: 200, headers: { 'content-type': 'application/x-pem-file' }, body }
}

async function sign({ authority }: Ca, revoked: readonly RevokedCertificate[]): Promise<string> {
  return (await authority.revocationLists(revoked)).map(toPem).join('')
}

function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN X509 CRL-----\n${lines.join('\n')}\n-----END X509 CRL-----\n`
}
