type Reasons = Readonly<Record<string, string>>

const programs = 'nothing of a request may start a program or script'
const content = 'responses are passed on as the origin wrote them'
const remote = 'rules are read from files alone'
const disk = 'nothing of a request is written to a disk'
const hashing = 'links in responses are not signed'
const places = 'there is no database of places'
const server = 'it is about a server in which ModSecurity runs as a module'
const schemas = 'documents are inspected, not validated'

/** Words that ModSecurity or Coraza know and that mean nothing in this proxy, each with the reason; compared without case. */
export const refusedWords = {
  Directives: {
    SecAuditLogPrefix: 'the audit log is one JSON object a line',
    SecChrootDir: server,
    SecConnReadStateLimit: server,
    SecConnWriteStateLimit: server,
    SecCookieV0Separator: 'cookies are separated as RFC 6265 has it',
    SecGeoLookupDb: places,
    SecGsbLookupDb: 'there is no list of bad addresses to look in',
    SecGuardianLog: programs,
    SecHashKey: hashing,
    SecHashMethodPm: hashing,
    SecHashMethodRx: hashing,
    SecHashParam: hashing,
    SecHttpBlKey: 'block lists in the DNS are not asked',
    SecInterceptOnError: 'a body that cannot be parsed, and a rule that fails, already end the request',
    SecReadStateLimit: server,
    SecRemoteRules: remote,
    SecRemoteRulesFailAction: remote,
    SecRulePerfTime: 'the time of single rules is not measured',
    SecRuleScript: programs,
    SecSensorId: 'the audit log has no field for it',
    SecServerSignature: content,
    SecUnicodeMap: 'the map is that of SecUnicodeMapFile',
    SecWriteStateLimit: server,
  },
  Variables: {
    FILES_TMPNAMES: disk,
    JSON: 'values of JSON are in ARGS',
    PERF_ALL: 'the time of single rules is not measured',
    SCRIPT_BASENAME: server,
    SCRIPT_FILENAME: server,
    SCRIPT_GID: server,
    SCRIPT_GROUPNAME: server,
    SCRIPT_MODE: server,
    SCRIPT_UID: server,
    SCRIPT_USERNAME: server,
    STREAM_INPUT_BODY: content,
    STREAM_OUTPUT_BODY: content,
    WEBSERVER_ERROR_LOG: server,
  },
  Operators: {
    fuzzyHash: 'there is no ssdeep',
    gsbLookup: 'there is no list of bad addresses to look in',
    inspectFile: programs,
    rsub: content,
    validateDTD: schemas,
    validateHash: hashing,
    validateSchema: schemas,
  },
  Actions: {
    append: content,
    exec: programs,
    pause: 'a held request costs the edge more than its sender',
    prepend: content,
    proxy: 'origins are those of edge.yaml',
  },
  'Options of ctl': {
    hashEnforcement: hashing,
    hashEngine: hashing,
  },
} as const satisfies Readonly<Record<string, Reasons>>

/** `: reason`, to end the message about an unknown word; empty where it is none of these. */
export function reasonAgainst(kind: keyof typeof refusedWords, name: string): string {
  const found = Object.entries<string>(refusedWords[kind]).find(([word]) => word.toLowerCase() === name.toLowerCase())
  return found === undefined ? '' : `: ${found[1]}`
}
