/** Kinds of words, in the order of docs/seclang.md. */
export const kinds = ['Directives', 'Variables', 'Operators', 'Transformations', 'Actions', 'Options of ctl'] as const
export type Kind = (typeof kinds)[number]
type Words = Readonly<Record<Kind, readonly string[]>>

/** What another engine does with a word: it works, it is read and has no effect, or it is named only to be refused. */
export interface Peer {
  readonly supported: Words
  readonly idle: Words
  readonly refused: Words
}

/**
 * ModSecurity 3.0.15. Each word was put into a rule or line that libmodsecurity (the package of that name for Python) was
 * made to load: `supported` are those that it takes, `refused` those that it answers with "not supported". Some operators
 * depend on how it was built.
 */
export const modsecurity: Peer = {
  supported: {
    Directives: words(`
    Include SecAction SecArgumentSeparator SecArgumentsLimit SecAuditEngine SecAuditLog SecAuditLog2
    SecAuditLogDirMode SecAuditLogFileMode SecAuditLogFormat SecAuditLogParts SecAuditLogPrefix
    SecAuditLogRelevantStatus SecAuditLogStorageDir SecAuditLogType SecCollectionTimeout SecComponentSignature
    SecCookieFormat SecDataDir SecDebugLog SecDebugLogLevel SecDefaultAction SecGeoLookupDb SecHttpBlKey
    SecMarker SecParseXmlIntoArgs SecPcreMatchLimit SecPcreMatchLimitRecursion SecRemoteRules
    SecRemoteRulesFailAction SecRequestBodyAccess SecRequestBodyInMemoryLimit SecRequestBodyJsonDepthLimit
    SecRequestBodyLimit SecRequestBodyLimitAction SecRequestBodyNoFilesLimit SecResponseBodyAccess
    SecResponseBodyLimit SecResponseBodyLimitAction SecResponseBodyMimeType SecResponseBodyMimeTypesClear
    SecRule SecRuleEngine SecRuleRemoveById SecRuleRemoveByMsg SecRuleRemoveByTag SecRuleScript
    SecRuleUpdateActionById SecRuleUpdateTargetById SecRuleUpdateTargetByMsg SecRuleUpdateTargetByTag
    SecStatusEngine SecTmpDir SecTmpSaveUploadedFiles SecUnicodeMapFile SecUploadDir SecUploadFileLimit
    SecUploadFileMode SecUploadKeepFiles SecWebAppId SecXmlExternalEntity
  `),
    Variables: words(`
    ARGS ARGS_COMBINED_SIZE ARGS_GET ARGS_GET_NAMES ARGS_NAMES ARGS_POST ARGS_POST_NAMES AUTH_TYPE DURATION ENV
    FILES FILES_COMBINED_SIZE FILES_NAMES FILES_SIZES FILES_TMPNAMES FILES_TMP_CONTENT FULL_REQUEST
    FULL_REQUEST_LENGTH GEO GLOBAL HIGHEST_SEVERITY INBOUND_DATA_ERROR IP MATCHED_VAR MATCHED_VARS
    MATCHED_VARS_NAMES MATCHED_VAR_NAME MODSEC_BUILD MSC_PCRE_ERROR MSC_PCRE_LIMITS_EXCEEDED
    MULTIPART_BOUNDARY_QUOTED MULTIPART_BOUNDARY_WHITESPACE MULTIPART_CRLF_LF_LINES MULTIPART_DATA_AFTER
    MULTIPART_DATA_BEFORE MULTIPART_FILENAME MULTIPART_FILE_LIMIT_EXCEEDED MULTIPART_HEADER_FOLDING
    MULTIPART_INVALID_HEADER_FOLDING MULTIPART_INVALID_PART MULTIPART_INVALID_QUOTING MULTIPART_LF_LINE
    MULTIPART_MISSING_SEMICOLON MULTIPART_NAME MULTIPART_PART_HEADERS MULTIPART_SEMICOLON_MISSING
    MULTIPART_STRICT_ERROR MULTIPART_UNMATCHED_BOUNDARY OUTBOUND_DATA_ERROR PATH_INFO QUERY_STRING REMOTE_ADDR
    REMOTE_HOST REMOTE_PORT REMOTE_USER REQBODY_ERROR REQBODY_ERROR_MSG REQBODY_PROCESSOR
    REQBODY_PROCESSOR_ERROR REQBODY_PROCESSOR_ERROR_MSG REQUEST_BASENAME REQUEST_BODY REQUEST_BODY_LENGTH
    REQUEST_COOKIES REQUEST_COOKIES_NAMES REQUEST_FILENAME REQUEST_HEADERS REQUEST_HEADERS_NAMES REQUEST_LINE
    REQUEST_METHOD REQUEST_PROTOCOL REQUEST_URI REQUEST_URI_RAW RESOURCE RESPONSE_BODY RESPONSE_CONTENT_LENGTH
    RESPONSE_CONTENT_TYPE RESPONSE_HEADERS RESPONSE_HEADERS_NAMES RESPONSE_PROTOCOL RESPONSE_STATUS RULE
    SERVER_ADDR SERVER_NAME SERVER_PORT SESSION SESSIONID STATUS STATUS_LINE TIME TIME_DAY TIME_EPOCH TIME_HOUR
    TIME_MIN TIME_MON TIME_SEC TIME_WDAY TIME_YEAR TX UNIQUE_ID URLENCODED_ERROR USER USERID WEBAPPID XML
  `),
    Operators: words(`
    beginsWith contains containsWord detectSQLi detectXSS endsWith eq fuzzyHash ge geoLookup gt inspectFile
    ipMatch ipMatchFromFile le lt noMatch pm pmFromFile rbl rx rxGlobal streq strmatch unconditionalMatch
    validateByteRange validateDTD validateSchema validateUrlEncoding validateUtf8Encoding verifyCC verifyCPF
    verifySSN verifySVNR within
  `),
    Transformations: words(`
    base64Decode base64DecodeExt base64Encode cmdLine compressWhitespace cssDecode escapeSeqDecode hexDecode
    hexEncode htmlEntityDecode jsDecode length lowercase md5 none normalizePath normalizePathWin parityEven7bit
    parityOdd7bit parityZero7bit removeComments removeCommentsChar removeNulls removeWhitespace replaceComments
    replaceNulls sha1 sqlHexDecode trim trimLeft trimRight uppercase urlDecode urlDecodeUni urlEncode
    utf8toUnicode
  `),
    Actions: words(`
    accuracy allow auditlog block capture chain ctl deny drop exec expirevar id initcol log logdata maturity msg
    multiMatch noauditlog nolog pass phase redirect rev setenv setrsc setsid setuid setvar severity skip
    skipAfter status t tag ver xmlns
  `),
    'Options of ctl': words(`
    auditEngine auditLogParts forceRequestBodyVariable parseXmlIntoArgs requestBodyAccess requestBodyProcessor
    ruleEngine ruleRemoveById ruleRemoveByTag ruleRemoveTargetById ruleRemoveTargetByTag
  `),
  },
  idle: {
    Directives: [],
    Variables: [],
    Operators: [],
    Transformations: [],
    Actions: [],
    'Options of ctl': [],
  },
  refused: {
    Directives: words(`
    SecCacheTransformations SecChrootDir SecConnEngine SecConnReadStateLimit SecConnWriteStateLimit
    SecContentInjection SecCookieV0Separator SecDisableBackendCompression SecGsbLookupDb
    SecGuardianLog SecHashEngine SecHashKey SecHashMethodPm SecHashMethodRx SecHashParam SecInterceptOnError
    SecRuleInheritance SecRulePerfTime SecSensorId SecServerSignature SecStreamInBodyInspection
    SecStreamOutBodyInspection
  `),
    Variables: words(`
    WEBSERVER_ERROR_LOG
  `),
    Operators: words(`
    gsbLookup rsub validateHash
  `),
    Transformations: [],
    Actions: words(`
    append deprecatevar pause prepend proxy sanitiseArg sanitiseMatched sanitiseMatchedBytes
    sanitiseRequestHeader sanitiseResponseHeader
  `),
    'Options of ctl': [],
  },
}

/**
 * Coraza 3.7.0: the names in its tables of directives, variables, operators, transformations and actions. `idle` are those
 * whose function does nothing.
 */
export const coraza: Peer = {
  supported: {
    Directives: words(`
    Include SecAction SecArgumentsLimit SecAuditEngine SecAuditLog SecAuditLogDirMode SecAuditLogFileMode
    SecAuditLogFormat SecAuditLogParts SecAuditLogRelevantStatus SecAuditLogStorageDir SecAuditLogType
    SecComponentSignature SecDataDir SecDataset SecDebugLog SecDebugLogLevel SecDefaultAction
    SecIgnoreRuleCompilationErrors SecMarker SecRemoteRulesFailAction SecRequestBodyAccess
    SecRequestBodyInMemoryLimit SecRequestBodyJsonDepthLimit SecRequestBodyLimit SecRequestBodyLimitAction
    SecRequestBodyNoFilesLimit SecResponseBodyAccess SecResponseBodyLimit SecResponseBodyLimitAction
    SecResponseBodyMimeType SecResponseBodyMimeTypesClear SecRule SecRuleEngine SecRuleRemoveById
    SecRuleRemoveByMsg SecRuleRemoveByTag SecRuleUpdateActionById SecRuleUpdateTargetById
    SecRuleUpdateTargetByTag SecRxPreFilter SecSensorId SecServerSignature SecUploadDir SecUploadFileLimit
    SecUploadFileMode SecUploadKeepFiles SecWebAppId
  `),
    Variables: words(`
    ARGS ARGS_COMBINED_SIZE ARGS_GET ARGS_GET_NAMES ARGS_NAMES ARGS_PATH ARGS_POST ARGS_POST_NAMES AUTH_TYPE
    DURATION ENV FILES FILES_COMBINED_SIZE FILES_NAMES FILES_SIZES FILES_TMPNAMES FILES_TMP_CONTENT FULL_REQUEST
    FULL_REQUEST_LENGTH GEO HIGHEST_SEVERITY INBOUND_DATA_ERROR IP JSON MATCHED_VAR MATCHED_VARS
    MATCHED_VARS_NAMES MATCHED_VAR_NAME MULTIPART_BOUNDARY_QUOTED MULTIPART_BOUNDARY_WHITESPACE
    MULTIPART_CRLF_LF_LINES MULTIPART_DATA_AFTER MULTIPART_DATA_BEFORE MULTIPART_FILENAME
    MULTIPART_FILE_LIMIT_EXCEEDED MULTIPART_HEADER_FOLDING MULTIPART_INVALID_HEADER_FOLDING
    MULTIPART_INVALID_PART MULTIPART_INVALID_QUOTING MULTIPART_LF_LINE MULTIPART_MISSING_SEMICOLON
    MULTIPART_NAME MULTIPART_PART_HEADERS MULTIPART_STRICT_ERROR MULTIPART_UNMATCHED_BOUNDARY
    OUTBOUND_DATA_ERROR PATH_INFO QUERY_STRING REMOTE_ADDR REMOTE_HOST REMOTE_PORT REQBODY_ERROR
    REQBODY_ERROR_MSG REQBODY_PROCESSOR REQBODY_PROCESSOR_ERROR REQBODY_PROCESSOR_ERROR_MSG REQUEST_BASENAME
    REQUEST_BODY REQUEST_BODY_LENGTH REQUEST_COOKIES REQUEST_COOKIES_NAMES REQUEST_FILENAME REQUEST_HEADERS
    REQUEST_HEADERS_NAMES REQUEST_LINE REQUEST_METHOD REQUEST_PROTOCOL REQUEST_URI REQUEST_URI_RAW REQUEST_XML
    RESPONSE_ARGS RESPONSE_BODY RESPONSE_CONTENT_LENGTH RESPONSE_CONTENT_TYPE RESPONSE_HEADERS
    RESPONSE_HEADERS_NAMES RESPONSE_PROTOCOL RESPONSE_STATUS RESPONSE_XML RES_BODY_ERROR RES_BODY_ERROR_MSG
    RES_BODY_PROCESSOR RES_BODY_PROCESSOR_ERROR RES_BODY_PROCESSOR_ERROR_MSG RULE SERVER_ADDR SERVER_NAME
    SERVER_PORT SESSIONID STATUS_LINE TIME TIME_DAY TIME_EPOCH TIME_HOUR TIME_MIN TIME_MON TIME_SEC TIME_WDAY
    TIME_YEAR TX UNIQUE_ID URLENCODED_ERROR USERID XML
  `),
    Operators: words(`
    beginsWith contains detectSQLi detectXSS endsWith eq ge geoLookup gt inspectFile ipMatch ipMatchFromDataset
    ipMatchFromFile le lt noMatch pm pmFromDataset pmFromFile rbl restpath rx streq strmatch unconditionalMatch
    validateByteRange validateNid validateSchema validateUrlEncoding validateUtf8Encoding within
  `),
    Transformations: words(`
    base64Decode base64DecodeExt base64Encode cmdLine compressWhitespace cssDecode escapeSeqDecode hexDecode
    hexEncode htmlEntityDecode jsDecode length lowercase md5 none normalizePath normalizePathWin removeComments
    removeCommentsChar removeNulls removeWhitespace replaceComments replaceNulls sha1 trim trimLeft trimRight
    uppercase urlDecode urlDecodeUni urlEncode utf8toUnicode
  `),
    Actions: words(`
    allow auditlog block capture chain ctl deny drop id log logdata maturity msg multiMatch noauditlog nolog
    pass phase redirect rev setenv setvar severity skip skipAfter status t tag ver
  `),
    'Options of ctl': words(`
    auditEngine auditLogParts debugLogLevel forceRequestBodyVariable forceResponseBodyVariable requestBodyAccess
    requestBodyLimit requestBodyProcessor responseBodyAccess responseBodyLimit responseBodyProcessor ruleEngine
    ruleRemoveById ruleRemoveByMsg ruleRemoveByTag ruleRemoveTargetById ruleRemoveTargetByMsg
    ruleRemoveTargetByTag
  `),
  },
  idle: {
    Directives: words(`
    SecArgumentSeparator SecCollectionTimeout SecConnEngine SecConnReadStateLimit SecConnWriteStateLimit
    SecCookieFormat SecGsbLookupDb SecHashEngine SecHashKey SecHashMethodPm SecHashMethodRx SecHashParam
    SecHttpBlKey SecPcreMatchLimit SecPcreMatchLimitRecursion SecRulePerfTime SecRuleScript
    SecRuleUpdateTargetByMsg SecTmpDir SecUnicodeMap
  `),
    Variables: [],
    Operators: [],
    Transformations: [],
    Actions: words(`
    exec expirevar initcol
  `),
    'Options of ctl': words(`
    hashEnforcement hashEngine
  `),
  },
  refused: {
    Directives: words(`
    SecRemoteRules
  `),
    Variables: [],
    Operators: [],
    Transformations: [],
    Actions: [],
    'Options of ctl': [],
  },
}

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/)
}
