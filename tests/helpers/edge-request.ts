import type { EdgeRequest, HostName } from '../../src/http.ts'

/** A plain GET for shop.example, with whatever a test wants different. */
export function edgeRequest(changes: Partial<EdgeRequest> = {}): EdgeRequest {
  return {
    id: 'test',
    receivedAtMs: 0,
    protocol: 'HTTP/1.1',
    secure: false,
    method: 'GET',
    target: '/',
    receivedTarget: '/',
    targetForm: 'origin',
    host: hostName('shop.example'),
    authority: 'shop.example',
    headers: ['Host', 'shop.example'],
    client: { address: '192.0.2.1', port: 1234 },
    peer: { address: '192.0.2.1', port: 1234 },
    forwardedFor: [],
    forwardedHost: undefined,
    server: { address: '127.0.0.1', port: 80 },
    framing: { kind: 'none' },
    upgrade: undefined,
    ...changes,
  }
}

/** For names that a test writes in their canonical form. */
export function hostName(name: string): HostName {
  return name as HostName // canonical by the promise above
}
