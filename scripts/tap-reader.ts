export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export interface TapReader {
  line(line: string): void
  /** The counts of the whole run, given the exit code of the program that wrote it. */
  end(exitCode: number): Counts
}

/**
 * Reads the TAP of a whole run and prints what a person wants of it: a line for each file, all of a file that failed, and
 * of the others what was skipped and what they comment (seeds, numbers of cases).
 */
export function createTapReader(print: (line: string) => void): TapReader {
  let block: string[] = []
  let summary: Counts | undefined
  return {
    line(line) {
      summary = parseSummary(line) ?? summary
      const isFileEnd = /^(not )?ok \d/.test(line)
      if (!isFileEnd) {
        block.push(line)
        return
      }
      for (const shown of line.startsWith('ok') ? block.filter(isWorthShowing) : block) print(shown)
      print(line)
      block = []
    },
    end(exitCode) {
      if (exitCode !== 0 || summary === undefined) for (const shown of block) print(shown)
      const counted = summary ?? { passed: 0, failed: 0, skipped: 0 }
      // A run that broke off has no summary, and one that failed for another reason than a test counts none.
      const broke = (exitCode !== 0 || summary === undefined) && counted.failed === 0
      return broke ? { ...counted, failed: 1 } : counted
    },
  }
}

export function addCounts(all: readonly Counts[]): Counts {
  return all.reduce((sum, { passed, failed, skipped }) => {
    return { passed: sum.passed + passed, failed: sum.failed + failed, skipped: sum.skipped + skipped }
  })
}

export function closingLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`
}

export const exitCode = ({ failed }: Counts): 0 | 1 => (failed === 0 ? 0 : 1)

/** tap's own last comment: `# { total: 30, pass: 28, fail: 1, skip: 1 }`; what is marked as not yet working has failed. */
function parseSummary(line: string): Counts | undefined {
  const body = /^# \{ (total: .*) \}$/.exec(line)?.[1]
  if (body === undefined) return undefined
  const entries = new Map(body.split(', ').map((entry) => entry.split(': ') as [string, string])) // `name: number`
  const count = (name: string): number => Number(entries.get(name) ?? 0)
  return { passed: count('pass'), failed: count('fail') + count('todo'), skipped: count('skip') }
}

function isWorthShowing(line: string): boolean {
  if (/^\s*(not )?ok \d.* # SKIP/i.test(line)) return true
  return /^\s*# (?!Subtest|time=|\{ |No coverage)/.test(line)
}
