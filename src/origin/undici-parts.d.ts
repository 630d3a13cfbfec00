// undici's index loads fetch, WebSocket, caches and mocks, too: 100 more modules. Its parts have no types of their own.
declare module 'undici/lib/dispatcher/pool.js' {
  import { Pool } from 'undici'
  export default Pool
}
declare module 'undici/lib/core/connect.js' {
  import { buildConnector } from 'undici'
  export default buildConnector
}
