/** Who may get a certificate that is not there while a handshake waits. */
export interface Demand {
  /** How long a handshake waits at most, as things are now. */
  readonly waitMs: number
  /** Resolves true once there may be a certificate, false when there will be none or none in time. Never rejects. */
  wait(servername: string): Promise<boolean>
  /** A handshake got the certificate that is there. */
  seen(servername: string): void
}
