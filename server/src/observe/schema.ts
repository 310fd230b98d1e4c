/** The tables of observe. Times are milliseconds since 1970; flags are 0 and 1. */
export type ObserveTables = Record<never, never>
