import { scalarVariable } from './scalar.ts'

export const requestMethod = scalarVariable('REQUEST_METHOD', 1, ({ input }) => input.method)
export const requestProtocol = scalarVariable('REQUEST_PROTOCOL', 1, ({ input }) => input.protocol)
export const requestUri = scalarVariable('REQUEST_URI', 1, ({ input }) => input.target)
/** The bytes of the target, untouched. */
export const requestUriRaw = scalarVariable('REQUEST_URI_RAW', 1, ({ input }) => input.target)
export const queryString = scalarVariable('QUERY_STRING', 1, ({ request }) => request.queryString)

export const requestLine = scalarVariable('REQUEST_LINE', 1, ({ input }) => {
  return input.requestLine ?? `${input.method} ${input.receivedTarget ?? input.target} ${input.protocol}`
})

/** Decoded once, as the origin's file system would see it. */
export const requestFilename = scalarVariable('REQUEST_FILENAME', 1, ({ request }) => decodePercent(request.path))
/** No script is known to a proxy: the whole path, as in libmodsecurity. */
export const pathInfo = scalarVariable('PATH_INFO', 1, ({ request }) => decodePercent(request.path))

export const requestBasename = scalarVariable('REQUEST_BASENAME', 1, ({ request }) => {
  const path = decodePercent(request.path)
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
})

/** `%hh` to its byte; anything else stays, `+` too. */
function decodePercent(path: string): string {
  if (!path.includes('%')) return path
  return path.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
