/** The command did its work, and its own output says what failed: exit code 1 without a further word. */
export class ReportedFailure extends Error {}
