/** The tables of broker. Times are milliseconds since 1970; flags are 0 and 1. */
export interface BrokerTables {
  broker_signing_key: {
    id: string
    algorithm: string
    state: string
    public_jwk: string
    sealed: string
    prepared_at: number
    published_at: number | null
    activated_at: number | null
    retiring_at: number | null
    retired_at: number | null
    reason: string
  }
  broker_credential: {
    id: string
    identity: string
    kind: string
    name: string
    state: string
    algorithm: string | null
    key_id: string | null
    thumbprint: string | null
    public_jwk: string | null
    secret_hash: string | null
    created_at: number
    created_by: string | null
    expires_at: number
    last_used_at: number | null
    exception: string | null
    state_at: number
    state_by: string | null
    state_reason: string | null
    /** The team of the identity, which it moves with. */
    team: string | null
    /** What must be replayed to whoever takes webhooks; empty where nothing must, and once the credential is over. */
    sealed: string | null
    /** The id of the resource that takes the webhooks which it signs. */
    receiver: string | null
    /** JSON: what an API key is limited to. */
    limits: string | null
    /** Where its key set is, in place of a key. */
    jwks_uri: string | null
    /** JSON: which name its certificates bear, where a CA vouches for them. */
    certificate_name: string | null
    /** When it was last seen in use from somewhere that is not kept, because too many places were. */
    consumers_over_at: number | null
  }
  /** One replacement of a credential by the next. `told` is JSON: who had moved when it ended, and who had not. */
  broker_rotation: {
    id: string
    identity: string
    predecessor: string
    successor: string
    state: string
    started_at: number
    started_by: string | null
    reason: string | null
    deadline: number
    at_deadline: string
    /** Consumers that were seen since then are waited for. */
    known_since: number
    /** When the deadline came and the old one was kept. */
    found_at: number | null
    ended_at: number | null
    ended_by: string | null
    ended_because: string | null
    told: string | null
  }
  /** From where a credential was seen in use; empty where no instance or no address is known. */
  broker_consumer: { credential: string; instance: string; address: string; first_seen: number; last_seen: number }
  /**
   * `claims` is JSON: a text for each claim that is pinned. `tokens` is empty where the platform decides. `regions`, of
   * AWS, and `bundle`, of SPIFFE, are JSON as well.
   */
  broker_trust: {
    credential: string
    issuer: string
    audience: string
    platform: string
    claims: string
    tokens: string | null
    regions: string | null
    bundle: string | null
  }
  /** A key pair that is bound to one machine; of its secret and of its last use there are digests only. */
  broker_bound_key: {
    credential: string
    join_hash: string
    join_until: number
    joined_at: number | null
    generation: number
    attempt_hash: string | null
    used_at: number | null
    address: string | null
  }
  broker_instance: {
    identity: string
    instance: string
    state: string
    first_seen: number
    last_seen: number
    state_reason: string | null
  }
  broker_stop: {
    id: string
    scope: string
    subject: string
    target: string
    verb: string
    reason: string
    stopped_by: string | null
    stopped_at: number
    until: number | null
    released_at: number | null
    /** Its place in the feed. */
    seq: number
    /** Of a token that has a place in status lists: the page. */
    page: string | null
    /** Of a token: whose it is, where that was known. */
    identity: string | null
  }
  broker_revocation: { seq: number; verb: string; target: string; until: number | null; at: number }
  broker_counter: { name: string; value: number }
  broker_tenure: { identity: string; former: string; owner: string; until: number }
  /** `followers` is JSON: an address each, with when its newest feed was opened. */
  broker_follower: { replica: string; followers: string; until: number }
  /** `held_keys` is JSON: the ids of the signing keys that it said it has; null where it says nothing of them. */
  broker_verifier: {
    identity: string
    instance: string
    name: string
    seq: number
    at: number
    held_keys: string | null
  }
  /** `requested`, `excluded`, `own` and `taken` are JSON lists. */
  broker_stream: {
    id: string
    /** The receiver. */
    identity: string
    /** The team of the receiver, which it moves with. */
    team: string | null
    method: string
    endpoint: string | null
    /** The value of the Authorization header for the endpoint. */
    sealed: string | null
    requested: string
    description: string | null
    status: string
    status_reason: string | null
    excluded: string
    /** The feed up to here was told, or is not the receiver's to know. */
    position: number
    /** While everything in force is told again: from where, up to which number of the feed. */
    resend_from: number | null
    resend_until: number | null
    /** Events about the stream itself that wait. */
    own: string
    /** What was taken out of order, beyond the position. */
    taken: string
    created_at: number
    created_by: string | null
    verified_at: number | null
    /** When the receiver last took something. */
    heard_at: number | null
    failures: number
    last_error: string | null
    retry_at: number
    /** What its delivery was set by, where an identity did; null: a person. */
    set_by_token: string | null
    set_by_credential: string | null
    set_by_instance: string | null
    lease_holder: string | null
    lease_until: number
  }
}
