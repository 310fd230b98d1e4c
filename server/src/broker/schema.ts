/** The tables of broker. Times are milliseconds since 1970; flags are 0 and 1. */
export type BrokerTables = Record<never, never>
