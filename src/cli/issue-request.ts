import { join, resolve } from 'node:path'
import { readGivenRequest } from '../acme/given-request.ts'
import { issueForRequest } from '../acme/issue-certificate.ts'
import { budgetLedger } from '../acme/issue-within-budget.ts'
import { loadConfig } from '../config/load.ts'
import { EdgeError } from '../errors.ts'
import { createLog } from '../log.ts'
import { splitPem } from '../store/certificate-set.ts'
import { makeFolder, replaceFile } from '../store/file-store-durable.ts'
import { openStore } from '../store/open-store.ts'
import { chooseAuthority } from './choose-authority.ts'
import { watchInterruption } from './interruption.ts'
import { describeProgress, describeVia } from './issue-text.ts'
import { openPublisher } from './open-publisher.ts'
import { requireAcme } from './require-acme.ts'

export interface RequestFlags {
  readonly config: string
  readonly json: boolean
  readonly timeout: number
  readonly csr: string
  readonly out?: string
  readonly ca?: string
  readonly profile?: string
  readonly preferredChain?: string
}

/** Anybody may read a certificate; the key is elsewhere. */
const readable = { mode: 0o644 }

/** `acme-edge issue --csr FILE --out FOLDER`: a certificate for a key that somebody else keeps. */
export async function issueRequest(flags: RequestFlags): Promise<void> {
  if (flags.out === undefined) {
    const message =
      '--csr needs --out FOLDER, where the certificate is written to: without its key the edge cannot serve it'
    throw new EdgeError('ACME_EDGE_USAGE', message)
  }
  const folder = resolve(flags.out)
  const givenRequest = await readGivenRequest(flags.csr)
  const { names } = givenRequest
  const config = await loadConfig(flags.config)
  const acme = chooseAuthority(requireAcme(config), flags.ca)
  const opened = await openStore(config.store, createLog('warn'))
  const answering = await openPublisher(config, opened)
  const interruption = watchInterruption()
  const { signal } = interruption
  const say = (text: string, event: object) => process.stdout.write(`${flags.json ? JSON.stringify(event) : text}\n`)
  try {
    say(describeVia(answering.via), { event: 'begin', via: answering.via })
    const wish = {
      names,
      profile: flags.profile ?? acme.defaults?.profile,
      preferredChain: flags.preferredChain ?? acme.defaults?.preferredChain,
    }
    const { store } = opened
    const order = { ...wish, givenRequest, acme, store, signal, publisher: answering.publisher }
    await issueForRequest({
      ...order,
      ledger: budgetLedger({ ...order, now: Date.now }, { isRenewal: false, viaAri: false }),
      timeoutMs: flags.timeout * 1000,
      onProgress: ({ kind, ...rest }) => say(describeProgress({ kind, ...rest } as never), { event: kind, ...rest }),
      deliver: (chain) => writeChain(folder, chain),
    })
    say(`written: ${join(folder, 'fullchain.pem')}`, { ok: true, folder, names })
  } finally {
    interruption.end()
    await answering.close()
    opened.close()
  }
}

async function writeChain(folder: string, fullChainPem: string): Promise<void> {
  const [leaf = '', ...rest] = splitPem(fullChainPem).map((pem) => `${pem}\n`)
  await makeFolder(folder)
  await replaceFile(join(folder, 'cert.pem'), leaf, readable)
  await replaceFile(join(folder, 'chain.pem'), rest.join(''), readable)
  await replaceFile(join(folder, 'fullchain.pem'), leaf + rest.join(''), readable)
}
