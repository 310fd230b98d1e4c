// Connection trouble of pg (class 08, 57P0x, 53, socket errors), a full or failing disk of SQLite, a closed database.
const GONE =
  /ECONN|EPIPE|ETIMEDOUT|timeout|terminat|disk|SQLITE_FULL|SQLITE_IOERR|is not open|is not reachable|is not queryable|^08|^57P0|^53/i

/** Whether the database could not be asked at all, or had no room: not the fault of what was asked. */
export const isDatabaseGone = (error: unknown): boolean =>
  error instanceof Error && (GONE.test(error.message) || ('code' in error && GONE.test(String(error.code))))
