import type { KeyType } from '../config/key-types.ts'

export type { KeyType }

/** Short, fast, and taken by every client that speaks TLS 1.2. */
export const defaultKeyType: KeyType = 'ecdsa-p256'
