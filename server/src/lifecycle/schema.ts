/** The tables of lifecycle. Times are milliseconds since 1970; a role without a team has the empty text. */
export interface LifecycleTables {
  lifecycle_person: {
    id: string
    name: string
    email: string
    state: string
    created_at: number
    removed_at: number | null
    removed_by: string | null
    removed_reason: string | null
    /** Whose invitation made this person; null for a code of the machine. */
    invited_by: string | null
  }
  lifecycle_person_role: { person: string; role: string; team: string; given_by: string | null }
  /** One row: since when the roles of approvers and admins take two people; null or no row while they do not. */
  lifecycle_four_eyes: { id: string; since: number | null }
  /** Public keys of people's devices, by RFC 7638 thumbprint. */
  lifecycle_person_key: { thumbprint: string; person: string; jwk: string; created_at: number }
  lifecycle_code: {
    hash: string
    id: string
    /** What can exist once at a time has a slot: making it again makes the earlier one void. */
    slot: string | null
    roles: string
    created_by: string | null
    created_at: number
    expires_at: number
    used_at: number | null
    used_by: string | null
  }
  lifecycle_session: {
    id: string
    hash: string
    person: string
    created_at: number
    expires_at: number
    ended_at: number | null
    ended_by: string | null
    ip: string | null
    user_agent: string | null
    /** What it was narrowed to, as JSON; null: to nothing. */
    narrowed_to: string | null
    /** The login by which it was opened, from another session; null: by a device key. */
    login: string | null
    /** The session by whose word that login was let in. */
    approved_by: string | null
  }
  /** Logins that wait for a person elsewhere: the hashes of the code that asks and of the code that is typed. */
  lifecycle_login: {
    hash: string
    user_hash: string
    id: string
    state: string
    created_at: number
    expires_at: number
    interval_seconds: number
    polled_at: number | null
    ip: string | null
    region: string | null
    user_agent: string | null
    /** Who decided, and by which session. */
    person: string | null
    session: string | null
    decided_at: number | null
  }
  lifecycle_approval: {
    id: string
    operation: string
    digest: string
    input: string
    reason: string
    need: string
    /** The first of its teams, for servers of before; the others are in lifecycle_approval_team. */
    team: string | null
    /** Why it is needed, as JSON. */
    why: string
    requester: string
    requester_name: string | null
    state: string
    created_at: number
    expires_at: number
    decided_at: number | null
    used_at: number | null
  }
  /** Whose word an approval takes; the empty text stands for what no team owns. */
  lifecycle_approval_team: { team: string; approval: string; created_at: number }
  lifecycle_vote: {
    approval: string
    person: string
    person_name: string | null
    verdict: string
    /** The roles that the person held when voting, as JSON. */
    roles: string
    reason: string
    at: number
  }
  lifecycle_exception: {
    id: string
    kind: string
    subject: string
    reason: string
    created_by: string | null
    approval: string
    created_at: number
    expires_at: number
    ended_at: number | null
    ended_by: string | null
    ended_reason: string | null
    /** The team of the identity that its subject names. */
    team: string | null
  }
}
