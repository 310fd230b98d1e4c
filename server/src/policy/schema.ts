/** The tables of policy. Times are milliseconds since 1970; flags are 0 and 1. */
export type PolicyTables = Record<never, never>
