/** The log in the database is smaller or other than what was seen of it before: somebody restored or forged it. */
export class LedgerRolledBack extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'LedgerRolledBack'
  }
}
