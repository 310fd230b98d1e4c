// Connection trouble of pg (class 08, 57P0x, 53, errors of sockets and TLS), a server that takes no writes any more (25006) or not this
// session's statements (26000, 42P05), a commit of which nobody knows (40003); a full or failing disk of SQLite, a closed database.
const GONE =
  /ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|ENETRESET|ERR_SSL|ERR_TLS|timeout|terminat|disk|SQLITE_FULL|SQLITE_IOERR|is not open|is not reachable|is not queryable|^08|^57P0|^53|^(?:25006|26000|42P05|40003)$/i

/** Whether the database could not be asked at all, or had no room: not the fault of what was asked. */
export const isDatabaseGone = (error: unknown): boolean =>
  error instanceof Error && (GONE.test(error.message) || ('code' in error && GONE.test(String(error.code))))
