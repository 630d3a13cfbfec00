import type { webcrypto } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'
import { calculateJwkThumbprint, exportJWK, FlattenedSign, generateKeyPair, type JWK } from 'jose'
import { pino } from 'pino'
import type { Test } from 'tap'
import { identifierOf } from '../../../src/acme/identifier.ts'
import { type AuthorityOptions, openAuthority } from '../../../src/acme/local-ca/authority.ts'
import { type AcmeServerOptions, startAcmeServer } from '../../../src/acme/local-ca/start-acme-server.ts'
import { openFileStore } from '../../../src/store/file-store.ts'

export interface TestKey {
  readonly algorithm: string
  readonly privateKey: webcrypto.CryptoKey
  readonly jwk: JWK
  readonly thumbprint: string
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The JSON body, empty when there is none. */
  readonly json: Record<string, unknown>
}

export interface SignOptions {
  readonly url: string
  readonly key: TestKey
  readonly kid?: string | undefined
  /** A string is taken as it is, everything else becomes JSON. */
  readonly payload: unknown
  readonly nonce?: string | undefined
  /** Members that replace those of the protected header; `undefined` removes one. */
  readonly header?: Record<string, unknown>
}

export async function newKey(algorithm = 'ES256'): Promise<TestKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
  const jwk = await exportJWK(publicKey)
  return { algorithm, privateKey, jwk, thumbprint: await calculateJwkThumbprint(jwk) }
}

export async function sign(options: SignOptions): Promise<Record<string, string>> {
  const { url, key, kid, payload, nonce, header } = options
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  const who = kid === undefined ? { jwk: key.jwk } : { kid }
  const signer = new FlattenedSign(new TextEncoder().encode(text))
  signer.setProtectedHeader({ alg: key.algorithm, url, nonce, ...who, ...header })
  const { protected: head = '', payload: body, signature } = await signer.sign(key.privateKey)
  return { protected: head, payload: body, signature }
}

export async function createCsr(names: readonly string[], extra: { commonName?: string; ip?: string } = {}) {
  const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  const alternatives = names.map((value) => ({ type: 'dns' as const, value }))
  const ip = extra.ip === undefined ? [] : [{ type: 'ip' as const, value: extra.ip }]
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: extra.commonName === undefined ? '' : `CN=${extra.commonName}`,
    keys,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [new x509.SubjectAlternativeNameExtension([...alternatives, ...ip])],
  })
  return { der: Buffer.from(request.rawData), keys, encoded: Buffer.from(request.rawData).toString('base64url') }
}

/** A file store of its own in a temporary folder, removed after the test. */
export async function temporaryStore(t: Test) {
  const folder = await mkdtemp(join(tmpdir(), 'acme-edge-test-'))
  t.teardown(() => rm(folder, { recursive: true }))
  return { folder, store: await openFileStore({ folder, log: pino({ enabled: false }) }) }
}

/** Authority, ACME server and the host that validation looks at, all real and all closed after the test. */
export async function startLocalCa(
  t: Test,
  options: Partial<AuthorityOptions> = {},
  serving: Partial<AcmeServerOptions> = {},
) {
  const store = options.store ?? (await temporaryStore(t)).store
  const authority = await openAuthority({ signal: AbortSignal.timeout(10_000), ...options, store })
  const challenges = await startChallengeHost(t)
  const faults: string[] = []
  const { clock } = options
  const log = pino({}, { write: (line) => void faults.push(line) })
  const server = await startAcmeServer({
    ...{ authority, validationPort: challenges.port, log, ...(clock && { clock }) },
    ...serving,
  })
  t.teardown(() => server.close())
  const directory = (await (await fetch(server.directoryUrl)).json()) as Record<string, string>
  return { authority, server, directory, challenges, faults, ...createRequests(directory) }
}

export type LocalCa = Awaited<ReturnType<typeof startLocalCa>>

function createRequests(directory: Record<string, string>) {
  const freshNonce = async () => {
    const response = await fetch(String(directory.newNonce), { method: 'HEAD' })
    return String(response.headers.get('replay-nonce'))
  }
  const send = async (url: string, body: string, type = 'application/jose+json'): Promise<Answer> => {
    const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': type } })
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : {} }
  }
  const post = async (options: SignOptions): Promise<Answer> =>
    send(options.url, JSON.stringify(await sign({ ...options, nonce: options.nonce ?? (await freshNonce()) })))
  return { freshNonce, send, post, enrol: (key: TestKey) => enrol(key, directory, post) }
}

/** Makes an account and gives back its own `post`, signed with its kid; no payload means POST-as-GET. */
async function enrol(key: TestKey, directory: Record<string, string>, post: (options: SignOptions) => Promise<Answer>) {
  const created = await post({ url: String(directory.newAccount), key, payload: {} })
  const kid = String(created.headers.get('location'))
  return {
    key,
    kid,
    created,
    post: (url: unknown, payload: unknown = '') => post({ url: String(url), key, kid, payload }),
  }
}

export type TestAccount = Awaited<ReturnType<typeof enrol>>

/** A newOrder whose challenges are answered and validated; the order is then ready. */
export async function readyOrder(ca: LocalCa, account: TestAccount, names: readonly string[], extra: object = {}) {
  const identifiers = names.map(identifierOf)
  const order = await account.post(ca.directory.newOrder, { identifiers, ...extra })
  for (const url of order.json.authorizations as string[]) {
    const challenge = await findChallenge(account, url)
    ca.challenges.answers.set(challenge.token, `${challenge.token}.${account.key.thumbprint}`)
    await account.post(challenge.url, {})
    await settled(account, url)
  }
  return { url: String(order.headers.get('location')), json: order.json }
}

/** The certificate's PEM chain of a new, finished order. */
export async function issue(ca: LocalCa, account: TestAccount, names: readonly string[]) {
  const order = await readyOrder(ca, account, names)
  const csr = await createCsr(names)
  const finalized = await account.post(order.json.finalize, { csr: csr.encoded })
  const download = await account.post(finalized.json.certificate)
  return { csr, finalized, download, order }
}

export async function findChallenge(account: TestAccount, authorizationUrl: string) {
  const authorization = await account.post(authorizationUrl)
  const [challenge] = authorization.json.challenges as { type: string; url: string; token: string }[]
  if (!challenge) throw new Error('the authorization has no challenge')
  return challenge
}

/** Polls an authorization until validation has ended. */
export async function settled(account: TestAccount, authorizationUrl: string): Promise<Answer> {
  for (let attempt = 0; attempt < 500; attempt++) {
    const authorization = await account.post(authorizationUrl)
    if (authorization.json.status !== 'pending') return authorization
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('the authorization stays pending')
}

/** A plain HTTP host that answers tokens from a map and remembers what it was asked. */
async function startChallengeHost(t: Test) {
  const answers = new Map<string, string>()
  const hanging = new Set<string>()
  const asked: { host: string | undefined; url: string | undefined }[] = []
  const server = createServer((request, response) => {
    asked.push({ host: request.headers.host, url: request.url })
    const token = String(request.url).replace('/.well-known/acme-challenge/', '')
    if (hanging.has(token)) return
    const answer = answers.get(token)
    response.writeHead(answer === undefined ? 404 : 200).end(answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // a TCP server has one
  const stop = () => server.close().closeAllConnections()
  t.teardown(stop)
  return { answers, asked, port, stop, hang: (token: string) => hanging.add(token) }
}

/** Asserts a problem document: its type, its HTTP status and that a fresh nonce comes with it. */
export function refused(t: Test, answer: Answer, expected: { type: string; status: number; name: string }): void {
  t.equal(answer.json.type, `urn:ietf:params:acme:error:${expected.type}`, `${expected.name}: ${answer.text}`)
  t.equal(answer.status, expected.status, expected.name)
  t.equal(answer.json.status, expected.status, expected.name)
  t.equal(answer.headers.get('content-type'), 'application/problem+json', expected.name)
  t.match(answer.headers.get('replay-nonce'), /^[\w-]{22}$/, expected.name)
}
