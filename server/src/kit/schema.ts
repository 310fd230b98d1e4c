/** The kit's own tables. Times are milliseconds since 1970. */
export interface KitTables {
  kit_counter: { name: string; value: number }
  kit_change: { seq: number; topic: string; key: string; at: number }
  kit_once: { space: string; key: string; until: number }
  kit_idempotency: { caller: string; key: string; request: string; response: string; until: number }
  kit_data_key: {
    id: string
    wrapped: string
    created_at: number
    kek: string | null
    usable_from: number
    retired_at: number | null
    uses: number
  }
  kit_cursor: { name: string; seq: number; at: number }
  kit_lease: { name: string; holder: string; until: number }
}
