/** Who counts orders as the CA does; told by issueCertificate(). */
export interface OrderLedger {
  /** An order is about to be sent. Throws where it must not be. */
  begin(signal: AbortSignal): Promise<void>
  /** Nothing comes of the order; `error` says why, where that is known. Never throws. */
  end(error?: unknown): Promise<void>
  /** Something went wrong, but the order can be gone on with. Never throws. */
  interrupted(error: unknown): Promise<void>
}

/** Nobody counts. */
export const noLedger: OrderLedger = {
  begin: async () => undefined,
  end: async () => undefined,
  interrupted: async () => undefined,
}
