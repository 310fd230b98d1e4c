/** What the log of the embedded database is made of, for copying it. */
export interface CopiedLog {
  /** Resolves when all that was written to the log is on the disk. */
  flushLog(): Promise<void>
  /** Copies what it can of the log into the file, and flushes nothing. */
  copy(): { readonly pages: number; readonly copied: number }
  /** Resolves when all that was written to the file is on the disk. */
  flushFile(): Promise<void>
}

/** Copies the log into the database file when it has become long. */
export interface LogCopier {
  /** Something was committed; whether it is time to copy. */
  committed(): boolean
  /** To be run while nobody writes. */
  run(): Promise<void>
  /** Throws when the file may lack what the log held: from then on nothing may be written to the log. */
  assertSound(): void
}

/**
 * SQLite would copy its log by itself, and stop the event loop for both flushes, which take most of the time that its
 * commits take; here another thread flushes. INVARIANT: the order is SQLite's own: the log is on the disk before the file is
 * touched, and the file before the next commit, which may write over the log.
 */
export const createLogCopier = (log: CopiedLog): LogCopier => {
  let commits = 0
  let commitsPlanned = COMMITS_FIRST
  let broken: Error | undefined
  const assertSound = (): void => {
    if (broken !== undefined) throw broken
  }
  return {
    committed: () => {
      commits += 1
      return commits >= commitsPlanned
    },
    run: async () => {
      // Asked for twice while the first one waited for its turn.
      if (commits < commitsPlanned) return
      assertSound()
      await log.flushLog()
      try {
        const { pages, copied } = log.copy()
        await log.flushFile()
        // A log of which somebody still reads a part goes on; else the next commit begins it anew.
        if (copied === pages) commitsPlanned = plannedFor(pages / commits)
        commits = 0
      } catch (error) {
        broken = new Error('the database file did not take what was written', { cause: error })
        throw broken
      }
    },
    assertSound,
  }
}

const COMMITS_FIRST = 50
const COMMITS_MAX = 1_000
const PAGES = 2_000

const plannedFor = (pagesOfOne: number): number =>
  Math.max(1, Math.min(COMMITS_MAX, Math.floor(PAGES / Math.max(pagesOfOne, 1))))
