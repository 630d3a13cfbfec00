import type { Location } from '../seclang/location.ts'
import type { Assembly } from './draft.ts'

/** Tells whoever loads the rules about something without effect; of each kind only the first. */
export function warn(
  { problems, warnings }: Pick<Assembly, 'problems' | 'warnings'>,
  kind: string,
  { location, message }: { location: Location; message: string },
): void {
  if (!warnings.has(kind)) warnings.set(kind, problems.describe(location, message))
}
