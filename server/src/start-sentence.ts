import { WrongSetting } from './config.ts'
import { isDatabaseGone } from './kit/database-gone.ts'
import { ForeignJournal } from './kit/journal.ts'
import { FolderTaken, FolderUnusable } from './kit/lock.ts'
import { BrokenSeal } from './kit/seal-box.ts'
import { LedgerRolledBack } from './ledger/rolled-back.ts'

/** Why the server did not start and what to do, for whoever started it; undefined where it is a bug of ours. */
export const startSentence = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined
  if (EXPECTED.some((expected) => error instanceof expected)) return `reeve: ${error.message}`
  if (isFileBroken(error))
    return `reeve: the database in the data folder (REEVE_DATA) is damaged: ${error.message}; put a backup in its place, with the key file and the checkpoint of that one`
  if (isDatabaseGone(error) || isDatabaseShut(error))
    return `reeve: the database cannot be used (setting REEVE_DATABASE_URL, if it is set): ${error.message}`
  return undefined
}

const EXPECTED = [WrongSetting, ForeignJournal, FolderTaken, FolderUnusable, LedgerRolledBack, BrokenSeal]

// SQLite's codes of a file that is damaged, and of one that is no database.
const BROKEN: readonly unknown[] = [11, 26]

const isFileBroken = (error: Error): boolean => 'errcode' in error && BROKEN.includes(error.errcode)

// Of PostgreSQL: invalid authorization (class 28), no such database (3D), no right to make tables (42501); and no such host.
const isDatabaseShut = (error: Error): boolean =>
  'code' in error && /^(?:28|3D|42501|ENOTFOUND)/.test(String(error.code))
