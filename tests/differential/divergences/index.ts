import type { Divergence } from '../explain.ts'
import { scalars } from '../rule-words.ts'
import {
  chainedMultiMatchDivergence,
  engineOffDivergence,
  inheritedActionDivergence,
  lateDisruptionDivergence,
  noBodyAccessDivergence,
} from './actions.ts'
import {
  argumentsLimitDivergence,
  bodyRulesDivergence,
  brokenBodyDivergence,
  emptyFileNameDivergence,
  emptyThereDivergence,
  fileNameKeyDivergence,
  jsonDivergence,
  xmlTextDivergence,
} from './bodies.ts'
import { detectorDivergence } from './detectors.ts'
import { fragmentDivergence, namelessCookieDivergence, uninspectedResponseDivergence } from './exchanges.ts'
import {
  chainedExclusionDivergence,
  patternExclusionDivergence,
  skipDivergence,
  updatedTargetDivergence,
  updatedTransformationsDivergence,
} from './exclusions.ts'
import { largeNumberDivergence } from './numbers.ts'
import { lineAnchorDivergence, wordDivergence } from './operators.ts'
import { orderDivergence } from './order.ts'
import { scalarDivergence } from './scalar-values.ts'
import { transformationDivergence } from './transformations.ts'
import { environmentDivergence, matchedVariableDivergence } from './variables.ts'

const isNothing = (value: string | undefined): boolean => value === undefined || value === '' || value === '0'

const mayHoldNothing = [
  ...scalars.filter((name) => name.startsWith('MULTIPART_')),
  'REQBODY_ERROR',
  'REQUEST_BODY_LENGTH',
  'FILES_COMBINED_SIZE',
  'RESPONSE_STATUS',
  'RESPONSE_BODY',
  'RESPONSE_CONTENT_TYPE',
  'RESPONSE_CONTENT_LENGTH',
  'RESPONSE_PROTOCOL',
  'AUTH_TYPE',
  'INBOUND_DATA_ERROR',
  'OUTBOUND_DATA_ERROR',
]

/** Every known difference in what matches, by its number in docs/divergences.md; the frequent ones first. */
export const divergences: readonly Divergence[] = [
  detectorDivergence(20),
  scalarDivergence(6, mayHoldNothing, ({ ours, theirs }) => isNothing(ours) && isNothing(theirs)),
  scalarDivergence(6, ['ARGS_COMBINED_SIZE'], () => true),
  chainedMultiMatchDivergence(16),
  lineAnchorDivergence(13),
  environmentDivergence(17),
  scalarDivergence(8, ['REQUEST_URI'], ({ ours = '', theirs = '' }) => /%[0-9a-f]{2}/i.test(ours) && ours !== theirs),
  fragmentDivergence(8),
  uninspectedResponseDivergence(11),
  noBodyAccessDivergence(11),
  argumentsLimitDivergence(1),
  bodyRulesDivergence(1),
  brokenBodyDivergence(1),
  jsonDivergence(2),
  emptyThereDivergence(2),
  xmlTextDivergence(3),
  scalarDivergence(5, ['REQUEST_BODY', 'REQUEST_BODY_LENGTH'], ({ ours, theirs }, { exchange }) => {
    return exchange.body !== undefined && isNothing(ours) && !isNothing(theirs)
  }),
  scalarDivergence(7, ['FULL_REQUEST', 'FULL_REQUEST_LENGTH'], () => true),
  matchedVariableDivergence(9),
  transformationDivergence(12),
  wordDivergence(14),
  scalarDivergence(14, ['URLENCODED_ERROR'], ({ ours, theirs }) => ours === '1' && theirs === '0'),
  largeNumberDivergence(14),
  engineOffDivergence(15),
  skipDivergence(18),
  patternExclusionDivergence(18),
  updatedTransformationsDivergence(18),
  updatedTargetDivergence(18),
  chainedExclusionDivergence(18),
  lateDisruptionDivergence(19),
  inheritedActionDivergence(19),
  namelessCookieDivergence(4),
  emptyFileNameDivergence(4),
  fileNameKeyDivergence(4),
  orderDivergence(10),
]
