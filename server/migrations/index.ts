import type { Migration } from 'kysely'
import { kit } from './0001-kit.ts'
import { ledger } from './0002-ledger.ts'

/** The one time line, forward only; the room is in the file's name. A migration that has shipped is never edited. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-kit': kit,
  '0002-ledger': ledger,
}
