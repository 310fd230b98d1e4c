/** The tables of lifecycle. Times are milliseconds since 1970; flags are 0 and 1. */
export type LifecycleTables = Record<never, never>
