import { accountKeySpki } from './account-key.ts'
import { type CertificateRequest, parseCertificateRequest } from './certificate-request.ts'
import { makeRoomForCertificate } from './make-room.ts'
import { orderReply } from './orders.ts'
import { decodeBase64url, parseJsonObject } from './payload.ts'
import { Problem } from './problem.ts'
import { type Ca, findOwned, type Resource } from './resource.ts'
import { addCertificate, type CertificateRecord, newId, type Order } from './state.ts'
import { orderStatus } from './status.ts'

/** Finalize (RFC 8555 §7.4): a bad CSR leaves the order ready, so that the client may correct it. */
export const finalizeResource: Resource = async (request, id, ca) => {
  const order = findOwned(ca.state.orders, id, request)
  const payload = parseJsonObject(request.payload, 'the payload')
  const status = orderStatus(order, ca.clock())
  if (status !== 'ready') throw new Problem('orderNotReady', `the order is ${status}`)
  const csr = decodeBase64url(payload.csr, 'csr')
  order.progress = { kind: 'processing' } // before the first await: a second finalize must not issue a second certificate
  try {
    await issue(order, csr, ca)
  } catch (error) {
    order.progress = { kind: 'open' }
    throw error
  }
  return orderReply(order, 200, ca)
}

async function issue(order: Order, csr: Buffer, ca: Ca): Promise<void> {
  const request = await parseCertificateRequest(csr)
  checkAgainstOrder(request, order)
  const issued = await ca.authority.issue({ ...request, lifeMs: ca.profiles[order.profile].lifeMs })
  const certificate: CertificateRecord = {
    ...issued,
    endsAtMs: issued.leaf.validToDate.getTime(),
    ...{ id: newId(), account: order.account, orderId: order.id, revocation: { kind: 'none' }, isReplaced: false },
  }
  await keep(certificate, order, ca)
  order.progress = { kind: 'issued', certificate }
}

/** The certificate's record names its order, so that both belong together whatever is written next. */
async function keep(certificate: CertificateRecord, order: Order, ca: Ca): Promise<void> {
  const ended = makeRoomForCertificate(ca.state, ca.clock())
  await ca.keeper.certificate(certificate)
  addCertificate(ca.state, certificate)
  if (order.replaces) {
    order.replaces.isReplaced = true
    await ca.keeper.certificate(order.replaces)
  }
  await ca.keeper.forget({ certificates: ended })
}

function checkAgainstOrder(request: CertificateRequest, order: Order): void {
  const ordered = order.authorizations.map((entry) => entry.host).sort()
  if (request.names.join() !== ordered.join()) {
    throw new Problem('badCSR', `the CSR must ask for exactly the names of the order: ${ordered.join(', ')}`)
  }
  // RFC 8555 §11.1: who holds a server's key must not thereby hold the account.
  if (request.publicKey.equals(accountKeySpki(order.account.key))) {
    throw new Problem('badCSR', 'the certificate must not use the key of the account')
  }
}
