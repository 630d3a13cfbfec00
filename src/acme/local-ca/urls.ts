/** Addresses of the server's resources; `base` has no trailing slash. */
export function createUrls(base: string) {
  return {
    base,
    directory: `${base}/directory`,
    newNonce: `${base}/new-nonce`,
    newAccount: `${base}/new-account`,
    newOrder: `${base}/new-order`,
    revokeCert: `${base}/revoke-cert`,
    keyChange: `${base}/key-change`,
    account: (id: string) => `${base}/account/${id}`,
    accountOrders: (id: string) => `${base}/account-orders/${id}`,
    order: (id: string) => `${base}/order/${id}`,
    finalize: (id: string) => `${base}/finalize/${id}`,
    authorization: (id: string) => `${base}/authorization/${id}`,
    challenge: (id: string) => `${base}/challenge/${id}`,
    certificate: (id: string) => `${base}/certificate/${id}`,
  }
}

export type Urls = ReturnType<typeof createUrls>
