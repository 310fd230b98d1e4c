/** An identity's row; lists and records are JSON texts. */
export interface IdentityRow {
  id: string
  name: string
  kind: string
  state: string
  state_before: string | null
  state_reason: string | null
  state_at: number
  state_by: string | null
  quarantined_with: string | null
  tier: string
  functions: string
  boundary: string
  blast_radius: string
  effective_blast_radius: string
  rights: string
  owner_id: string
  purpose: string
  environment: string
  lifecycle: string
  pipeline: string | null
  workflow_name: string | null
  workflow_repository: string | null
  parent_id: string | null
  auth_methods: string
  upstream: string
  downstream: string
  revocation_procedure: string | null
  tags: string
  created_by: string | null
  created_at: number
  approved_by: string | null
  expires_at: number
  expires_text: string
  review_at: number
  review_text: string
  /** 0 when it was never used, so that the index orders it first on both engines. */
  used_at: number
  revision: number
}

/** A team's row. */
export interface TeamRow {
  id: string
  name: string
  technical_contact: string
  business_contact: string
  business_unit: string
  state: string
  state_reason: string | null
  state_by: string | null
  created_by: string | null
  created_at: number
}

/** A sighting's row: what was seen last under this stable key, and the identity that it was found to be. */
export interface SightingRow {
  id: string
  stable_key: string
  source: string
  kind: string
  name: string
  state: string
  identity_id: string | null
  environment: string | null
  owner_hint: string | null
  is_owned: number
  /** The team of the identity that it is; empty while it is nobody's. */
  team: string
  body: string
  first_seen_at: number
  last_seen_at: number
  /** What a live export is complete for, such as one cloud account; null where nothing says. */
  scope: string | null
  /** The identity that somebody split it from: it is never joined to that again. */
  apart_from: string | null
  /** When the last scan that used to see it no longer did. */
  gone_at: number | null
  is_declared: number
  is_live: number
  /** Whether the scan that saw it brought its own findings. */
  is_judged: number
}

/** One stable key of an identity, since when and until when. */
export interface AliasRow {
  id: string
  key: string
  identity_id: string
  /** The sighting by which it became one. */
  sighting_id: string | null
  because: string
  since: number
  since_by: string | null
  ended_at: number | null
  ended_by: string | null
  ended_because: string | null
}

/** A connector's row; `settings`, `without` and `last_run` are JSON, and `sealed` is empty where its secret is elsewhere. */
export interface ConnectorRow {
  id: string
  name: string
  vendor: string
  mode: string
  settings: string
  without: string
  every_hours: number
  sealed: string
  secret_variable: string | null
  secret_file: string | null
  created_at: number
  created_by: string | null
  due_at: number
  lease_holder: string | null
  lease_until: number
  last_run: string | null
}

/** The tables of inventory. Times are milliseconds since 1970; flags are 0 and 1. */
export interface InventoryTables {
  inventory_team: TeamRow
  inventory_identity: IdentityRow
  /** One row per identity and term (see domain/terms.ts), in the order that lists are read in. */
  inventory_identity_term: { term: string; name: string }
  inventory_sighting: SightingRow
  /** What each scan saw of a sighting; `digest` is of all that it said, so that what is unchanged is not written again. */
  inventory_sighting_scan: {
    scan: string
    sighting_id: string
    standing: string | null
    scanned_at: number
    digest: string
    body: string
    is_judged: number
  }
  /** The stable keys under which identities are known elsewhere, with those that ended. */
  inventory_alias: AliasRow
  /** Secrets that were seen: a salted fingerprint each, never the secret. */
  inventory_secret: {
    id: string
    salt_id: string
    fingerprint: string
    type: string
    provider: string
    tail: string
    first_seen_at: number
  }
  inventory_secret_place: { secret_id: string; sighting_id: string; place: string }
  /** What sightings reach, by what is reached. */
  inventory_reach: { what: string; sighting_id: string; access: string }
  /** How risky each identity was when it was judged last; `factors` is JSON. */
  inventory_risk: {
    identity_id: string
    name: string
    score: number
    is_high: number
    since: number
    judged_at: number
    factors: string
  }
  /** Identities that are to be judged before the next whole judgement; `mark` is of the change. */
  inventory_due: { identity_id: string; mark: string }
  /** When a scan last saw an identity. */
  inventory_identity_seen: { identity_id: string; seen_at: number }
  /** Summed up by kind and state: what was counted, and each change since (see store-count.ts). */
  inventory_count: { kind: string; state: string; identities: number }
  /** Live systems that are asked what is there. */
  inventory_connector: ConnectorRow
}
