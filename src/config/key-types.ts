/** Kinds of keys that certificates are made for. */
export const keyTypes = ['ecdsa-p256', 'ecdsa-p384', 'rsa-2048', 'rsa-3072', 'rsa-4096'] as const

export type KeyType = (typeof keyTypes)[number]
