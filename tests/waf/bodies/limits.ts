import type { BodyLimits } from '../../../src/waf/bodies/body-parser.ts'

export const limits: BodyLimits = {
  argumentCount: 100_000,
  jsonDepth: 512,
  fileCount: 10,
  xmlDepth: 20,
}
