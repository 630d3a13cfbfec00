import type { XmlDocument } from './xml-document.ts'

/** A name and value taken from a body; one-byte strings, decoded once as the body's format demands. */
export interface Argument {
  readonly name: string
  readonly value: string
  /** Of a multipart body's field. */
  readonly place?: PartPlace
}

/** Where a part of a multipart body begins, in bytes from the body's begin. */
export interface PartPlace {
  readonly headOffset: number
  readonly contentOffset: number
}

export interface BodyLimits {
  /** SecArgumentsLimit: more arguments, or texts and attributes of XML, than this are an error (REQBODY_ERROR), not silently dropped. */
  readonly argumentCount: number
  /** SecRequestBodyJsonDepthLimit. */
  readonly jsonDepth: number
  /** SecUploadFileLimit. */
  readonly fileCount: number
  /** Elements inside each other. */
  readonly xmlDepth: number
}

export interface UploadedFile {
  /** Name of the form field (FILES key). */
  readonly field: string
  /** File name as sent (FILES value). */
  readonly fileName: string
  readonly sizeBytes: number
  /** The part's content: FILES_TMP_CONTENT. */
  readonly content: string
  readonly place: PartPlace
}

/** Strict flags, each 0 or 1, that MULTIPART_* variables expose; `true` means that the oddity was seen. */
export interface MultipartFlags {
  readonly boundaryQuoted: boolean
  readonly boundaryWhitespace: boolean
  readonly dataBefore: boolean
  readonly dataAfter: boolean
  readonly headerFolding: boolean
  readonly lfLine: boolean
  readonly crlfLfLines: boolean
  readonly missingSemicolon: boolean
  readonly invalidQuoting: boolean
  readonly invalidPart: boolean
  readonly invalidHeaderFolding: boolean
  readonly fileLimitExceeded: boolean
  readonly unmatchedBoundary: boolean
  /** A line that begins with two dashes and is no boundary: most likely content. */
  readonly dashedLine: boolean
  readonly finalBoundaryMissing: boolean
}

/** What XML:/* and XML://@* show of a document. */
export interface XmlContent {
  /** Text of all elements, one after the other. */
  readonly text: string
  /** What stands between two tags each, but for white space alone. */
  readonly texts: readonly string[]
  readonly attributes: readonly string[]
  /** For XPath, where some rule has an expression. */
  readonly document?: XmlDocument
}

export interface ParsedBody {
  readonly arguments: readonly Argument[]
  readonly files: readonly UploadedFile[]
  /** MULTIPART_PART_HEADERS: [part name, whole header line] in order. */
  readonly partHeaders: readonly Argument[]
  readonly multipart: MultipartFlags | undefined
  /** Of XML documents only. */
  readonly xml?: XmlContent
  /** REQBODY_ERROR_MSG; `undefined` when the body is well formed. */
  readonly error: string | undefined
}
