import type { ProblemReason } from '../report.ts'

/** A file in an archive: what it holds, or why that is not read. */
export type ArchiveEntry = { readonly name: string } & (
  | { readonly bytes: Buffer }
  | { readonly refused: readonly [ProblemReason, string] }
)

/** How far one archive is looked into, with all that is in it. */
export interface ArchiveLimits {
  /** Of one file in it, before it is read. */
  readonly entryBytesMax: number
  /** Of all that comes out of it, archives in it as well. */
  readonly totalBytesMax: number
  readonly entriesMax: number
  /** How many archives lie around one that is still opened. */
  readonly depthMax: number
}

/** What is left of the limits; a reader asks before it takes, and one that asks for too much ends the archive. */
export interface ArchiveBudget {
  readonly limits: ArchiveLimits
  takeBytes(bytes: number): void
  takeEntry(): void
}

/** Why an archive is not read to its end. */
export class ArchiveEnd extends Error {
  readonly reason: ProblemReason
  constructor(reason: ProblemReason, detail: string) {
    super(detail)
    this.reason = reason
  }
}

/** A budget that nothing was taken from; what is taken is taken from one around it as well. */
export const archiveBudget = (limits: ArchiveLimits, around?: ArchiveBudget): ArchiveBudget => {
  let bytesLeft = limits.totalBytesMax
  let entriesLeft = limits.entriesMax
  return {
    limits,
    takeBytes(bytes) {
      bytesLeft -= bytes
      if (bytesLeft < 0)
        throw new ArchiveEnd(
          'too-large',
          `more than ${limits.totalBytesMax} bytes come out of it: the rest is not read`,
        )
      around?.takeBytes(bytes)
    },
    takeEntry() {
      entriesLeft -= 1
      if (entriesLeft < 0)
        throw new ArchiveEnd('too-many', `more than ${limits.entriesMax} files in it: the rest is not read`)
      around?.takeEntry()
    },
  }
}

/** A name as it is told: with forward slashes; and whether it leads out of its archive, or is none. */
export const entryName = (told: string): { readonly name: string; readonly isBad: boolean } => {
  const name = told.replaceAll('\\', '/').replace(/^(?:\.\/){1,9}/, '')
  const isBad =
    name === '' ||
    name.includes('\0') ||
    /^(?:\/|[A-Za-z]:)/.test(name) ||
    name.split('/').some((part) => part === '..')
  return { name, isBad }
}

/** Why an entry with such a name is not read. */
export const BAD_NAME = ['bad-name', 'a name that leads out of the archive: not read'] as const
export const LINK = ['not-a-file', 'a link or a device in an archive: not followed'] as const
export const tooLarge = (bytes: number, bytesMax: number) =>
  ['too-large', `${bytes} bytes, more than the limit of ${bytesMax} for a file in an archive`] as const
