/** The tables of observe. Times are milliseconds since 1970; flags are 0 and 1. */
export interface ObserveTables {
  observe_finding: {
    id: string
    source: string
    fingerprint: string
    rule: string
    severity: string
    /** 0 is the worst: what the list is ordered by. */
    severity_rank: number
    confidence: string
    owasp: string
    title: string
    why: string
    fix: string
    identity: string | null
    sighting: string | null
    place: string | null
    evidence: string
    state: string
    first_seen: number
    last_seen: number
    /** Of the scan that saw it last; null when a room reported it. */
    scanned_at: number | null
    closed_at: number | null
    accepted_by: string | null
    accepted_reason: string | null
    accepted_at: number | null
    accepted_until: number | null
    /** The team of the identity, which it moves with. */
    team: string | null
  }
  /** What each identity was seen to use; texts that are not known are empty, because a key holds no null. */
  observe_use: {
    identity: string
    resource: string
    action: string
    instance: string
    last_at: number
    count: number
  }
  /** Reports of what is at high risk, numbered from 1. */
  observe_report: {
    number: number
    id: string
    made_at: number
    made_by: string | null
    /** The report that its difference is to. */
    previous: string | null
    standing: number
    fresh: number
    changed: number
    gone: number
    /** `none`: nobody was named who is told. */
    delivery: string
    attempts: number
    retry_at: number
    delivered_at: number | null
    last_error: string | null
    expires_at: number
  }
  /** What stands in a report, in its order; never changed. */
  observe_report_item: { report: number; place: number; finding: string; change: string; body: string }
  /** Credentials of identities that people were seen to use, and by which tool; empty where it is not known which. */
  observe_people_use: { identity: string; credential: string; tool: string; last_at: number }
  /** In which hours of a day (UTC, counted from 1970) a person's account acted, a bit each. */
  observe_person_day: { person: string; day: number; hours: number }
}
