/**
 * Addresses of the server's resources; `base` has no trailing slash. A server that is known by several names gives each
 * client addresses under the name that it used; `bases` are all of them.
 */
export function createUrls(base: string, bases: readonly string[] = [base]) {
  const accountOf = (root: string) => `${root}/account/`
  return {
    base,
    directory: `${base}/directory`,
    newNonce: `${base}/new-nonce`,
    newAccount: `${base}/new-account`,
    newOrder: `${base}/new-order`,
    revokeCert: `${base}/revoke-cert`,
    keyChange: `${base}/key-change`,
    renewalInfo: `${base}/renewal-info`,
    account: (id: string) => `${accountOf(base)}${id}`,
    /** The id in the address of an account, whichever name of the server it was made under. */
    accountIdOf(url: unknown): string | undefined {
      if (typeof url !== 'string') return undefined
      const prefix = bases.map(accountOf).find((start) => url.startsWith(start))
      return prefix === undefined ? undefined : url.slice(prefix.length)
    },
    accountOrders: (id: string) => `${base}/account-orders/${id}`,
    order: (id: string) => `${base}/order/${id}`,
    finalize: (id: string) => `${base}/finalize/${id}`,
    authorization: (id: string) => `${base}/authorization/${id}`,
    challenge: (id: string) => `${base}/challenge/${id}`,
    certificate: (id: string) => `${base}/certificate/${id}`,
    certificateWithRoot: (id: string) => `${base}/certificate-with-root/${id}`,
  }
}

export type Urls = ReturnType<typeof createUrls>
