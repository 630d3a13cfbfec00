/** The part of a log that a store needs. */
export interface WarningLog {
  warn(fields: Record<string, unknown>, message: string): void
}
