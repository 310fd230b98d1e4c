/** The tables of inventory. Times are milliseconds since 1970; flags are 0 and 1. */
export type InventoryTables = Record<never, never>
