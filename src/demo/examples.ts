/** A request to try: one line for a shell, what it shows, and the status it must get. */
export interface Example {
  readonly shows: string
  readonly command: string
  readonly status: 200 | 403
}

/** Looks like a token (43 characters of base64url) and belongs to no order. */
const strayToken = 'q7Hk2mVx9TzR4bLw0NcY8sJd3uFgA6eP1iXoKvBn5Mt'

/** Three requests against the demo's edge: allowed, blocked, and blocked although it looks like an ACME challenge. */
export function demoExamples(httpPort: number): readonly Example[] {
  const base = `http://127.0.0.1:${httpPort}`
  return [
    { shows: 'allowed: reaches the origin', command: `curl -i '${base}/search?q=blue+socks'`, status: 200 },
    {
      shows: 'blocked: SQL injection in the query',
      command: `curl -i '${base}/search?q=1%27%20UNION%20SELECT%20name,password%20FROM%20users--%20'`,
      status: 403,
    },
    {
      shows: 'blocked: looks like an ACME challenge and climbs out of it',
      command: `curl -i --path-as-is '${base}/.well-known/acme-challenge/${strayToken}/..;/actuator/env'`,
      status: 403,
    },
  ]
}
