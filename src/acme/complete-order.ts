import { X509Certificate } from 'node:crypto'
import { EdgeError } from '../errors.ts'
import type { HostName } from '../http.ts'
import { leafNames, verifyCertificate } from '../store/certificates.ts'
import { proveHost } from './authorization.ts'
import { folderNameOf } from './certificate-names.ts'
import { downloadChain } from './chain.ts'
import { createRequest } from './client.ts'
import type { GivenRequest } from './given-request.ts'
import { type Journal, writeJournal } from './journal.ts'
import { finalizeOrder, invalidOrder, type Order } from './order.ts'
import type { Obtained, WorkingOrdering } from './ordering.ts'

/** Where the CA does not say when an order ends: long enough for any validation, short enough to forget. */
const fallbackLifeMs = 3600 * 1000

/**
 * From an order that is placed to its certificate, wherever it stands: proves the hosts, hands in the request, downloads the
 * chain and checks it. The chain is in the journal before anything else is done with it.
 */
export async function completeOrder(
  options: WorkingOrdering,
  { journal, order }: { readonly journal: Journal; readonly order: Order },
  signal: AbortSignal,
): Promise<Obtained> {
  const { account, names, givenRequest, store, onProgress } = options
  if (order.status === 'invalid') throw invalidOrder(order)
  if (order.status === 'pending') await proveAll(options, order, signal)
  const csr = async () => givenRequest?.csr ?? createRequest(names, journal.privateKeyPem)
  const valid = await finalizeOrder(account, { order, csr }, signal)
  onProgress({ kind: 'finalized' })
  const { preferredChain: preferred } = options
  const { pem, isPreferred } = await downloadChain(account, { order: valid, preferred }, signal)
  if (!isPreferred) onProgress({ kind: 'chain', missing: String(preferred) })
  const obtained = { ...journal, fullChainPem: pem }
  verifyNames(names, givenRequest === undefined ? namesOfPair(names, obtained) : namesOfLeaf(pem, givenRequest))
  await writeJournal(store, obtained)
  onProgress({ kind: 'downloaded' })
  return obtained
}

function verifyNames(names: readonly HostName[], found: readonly string[]): void {
  const missing = names.filter((name) => !found.includes(name))
  if (missing.length === 0) return
  throw new EdgeError('ACME_EDGE_ACME_PROTOCOL', `the CA sent a certificate without ${missing.join(', ')}`)
}

/** What is noted as obtained can be installed: a chain that could not would stop every later run. */
function namesOfPair(names: readonly HostName[], { fullChainPem, privateKeyPem }: Obtained): readonly string[] {
  return verifyCertificate({ name: folderNameOf(names), fullChainPem, privateKeyPem }).names
}

function namesOfLeaf(fullChainPem: string, { publicKey }: GivenRequest): readonly string[] {
  const leaf = new X509Certificate(fullChainPem)
  if (leaf.publicKey.export({ type: 'spki', format: 'der' }).equals(publicKey)) return leafNames(leaf)
  throw new EdgeError('ACME_EDGE_ACME_PROTOCOL', 'the CA sent a certificate for another key than that of the request')
}

/** All hosts at once; every challenge is withdrawn before the first failure is reported. */
async function proveAll(options: WorkingOrdering, order: Order, signal: AbortSignal): Promise<void> {
  const expiresAtMs = order.expiresAtMs ?? Date.now() + fallbackLifeMs
  const work = order.authorizations.map((url) => proveHost({ ...options, expiresAtMs }, url, signal))
  const failed = (await Promise.allSettled(work)).filter((result) => result.status === 'rejected')
  if (failed[0]) throw failed[0].reason
}
