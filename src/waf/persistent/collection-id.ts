import { hash } from 'node:crypto'
import { type PersistentName, persistentNames } from './names.ts'

/** SecWebAppId keeps these apart; IP and GLOBAL are common to all applications. */
const separated: ReadonlySet<PersistentName> = new Set(['session', 'user', 'resource'])

const form = new RegExp(`^(${persistentNames.join('|')}):[A-Za-z0-9_-]{32}$`)

/**
 * Names one collection: two that differ in name, application or key have different ids. The key itself, which may be a
 * session's secret and of any length, is not in it, and so in no file and no message between processes.
 */
export function collectionId(name: PersistentName, key: string, webAppId: string): string {
  const application = separated.has(name) ? webAppId : ''
  // The length says where the application ends: no key can look like another application's.
  const digest = hash('sha256', `${application.length} ${application} ${key}`, 'base64url')
  return `${name}:${digest.slice(0, 32)}`
}

export function isCollectionId(text: string): boolean {
  return form.test(text)
}

/** Of an id that `collectionId` has made or `isCollectionId` has seen. */
export function nameOf(id: string): PersistentName {
  return id.slice(0, id.indexOf(':')) as PersistentName // what the id begins with, see above
}
