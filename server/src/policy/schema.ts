/** The tables of policy. Times are milliseconds since 1970; flags are 0 and 1; lists and records are JSON text. */
export interface PolicyTables {
  policy_resource: {
    id: string
    name: string
    uri: string
    environment: string
    sensitivity: string
    is_customer_facing: number
    actions: string
    algorithm: string
    status_list: number
    is_authorization_server: number
    detail_types: string
    tag_claims: string
    aws_session_tags: string
    served_by: string
    owner: string | null
    created_at: number
    changed_at: number
  }
  policy_bundle: {
    id: string
    name: string
    purpose: string
    matrix: string
    created_at: number
    changed_at: number
  }
  policy_grant: {
    id: string
    identity: string
    name: string
    bundle: string | null
    resource: string | null
    actions: string
    conditions: string
    expires_at: number
    /** What was declared: a moment, or days from when it was granted. */
    expires_text: string
    created_at: number
    created_by: string | null
    approval: string | null
    /** The directory that declares it, when `policy.access.apply` made it. */
    directory: string | null
    ended_at: number | null
    ended_reason: string | null
    /** The team of the identity, which it moves with. */
    team: string | null
  }
  /** What an application asks about: its types with their entities, as JSON. */
  policy_application: {
    id: string
    name: string
    body: string
    directory: string | null
    created_at: number
    changed_at: number
  }
  /** What fragments of directories may declare, as JSON. */
  policy_fragment: { name: string; directory: string; body: string; changed_at: number }
  policy_text: { name: string; file: string; text: string; directory: string | null; changed_at: number }
  policy_revision: { revision: string; body: string; at: number; by: string | null }
  policy_mode: {
    kind: string
    target: string
    reason: string
    since: number
    expires_at: number
    by: string | null
    /** The team of the identity or the resource. */
    team: string | null
  }
  /** What the first import of a directory made report-only, towards what else it brought alone. */
  policy_import_mode: {
    kind: string
    target: string
    directory: string
    reason: string
    since: number
    expires_at: number
    by: string | null
    team: string | null
  }
  policy_declared: {
    directory: string
    type: string
    name: string
    object: string | null
    digest: string
    is_created: number
    at: number
  }
  policy_directory: { name: string; tests: number }
  policy_plan: { id: string; at: number; expires_at: number; by: string | null; body: string }
}
