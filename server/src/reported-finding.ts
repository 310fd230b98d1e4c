/** A finding as any room reports it, through its port; `observe` keeps them in the one table. */
export interface ReportedFinding {
  /** What makes it the same finding again. */
  readonly fingerprint: string
  readonly rule: string
  readonly severity: 'critical' | 'high' | 'medium' | 'low'
  readonly confidence: 'high' | 'medium' | 'low'
  readonly owasp: string
  readonly title: string
  readonly why: string
  readonly fix: string
  readonly identity: string | null
  readonly where: string | null
  readonly evidence: Readonly<Record<string, string>>
}
