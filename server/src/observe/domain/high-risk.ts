/** The rule whose findings the standing report is made of. */
export const HIGH_RISK_RULE = 'posture/high-risk'

/** In the order in which a report tells them. */
export const CHANGES = ['new', 'changed', 'gone', 'same'] as const
/** What became of a line of the report before. */
export type Change = (typeof CHANGES)[number]

/** One line of a report: a finding as it stood then. */
export interface Line {
  readonly finding: string
  readonly identity: string | null
  readonly name: string | null
  readonly team: string | null
  readonly severity: string
  readonly state: string
  readonly source: string
  readonly where: string | null
  readonly evidence: readonly string[]
  readonly firstSeenAt: string
  /** Until when somebody accepted it, and why. */
  readonly accepted: { readonly until: string; readonly reason: string } | null
}

/** A line, what became of it, and which facts are others than before. */
export interface ReportedLine extends Line {
  readonly change: Change
  readonly because: readonly string[]
}

/** The difference of what stands now to what stood in the report before; what is gone is told as it was. */
export const differenceOf = (before: readonly Line[], now: readonly Line[]): readonly ReportedLine[] => {
  const known = new Map(before.map((line) => [line.finding, line]))
  const standing = new Set(now.map(({ finding }) => finding))
  const told = now.map((line): ReportedLine => {
    const was = known.get(line.finding)
    if (was === undefined) return { ...line, change: 'new', because: [] }
    const because = changesOf(was, line)
    return { ...line, change: because.length === 0 ? 'same' : 'changed', because }
  })
  const gone = before
    .filter(({ finding }) => !standing.has(finding))
    .map((line): ReportedLine => ({ ...line, change: 'gone', because: [] }))
  const inOrder = Object.groupBy([...told, ...gone], ({ change }) => change)
  return CHANGES.flatMap((change) => (inOrder[change] ?? []).toSorted(byName))
}

const byName = (a: Line, b: Line): number => {
  const [one, other] = [a, b].map(({ name, where, finding }) => `${name ?? where ?? ''} ${finding}`)
  return (one ?? '') < (other ?? '') ? -1 : 1
}

const changesOf = (was: Line, is: Line): readonly string[] => {
  const facts = new Set(is.evidence.map(withoutLine))
  const factsBefore = new Set(was.evidence.map(withoutLine))
  const moved = (['severity', 'state', 'identity', 'team'] as const).flatMap((field) =>
    was[field] === is[field] ? [] : [`${field}: ${was[field] ?? 'none'} → ${is[field] ?? 'none'}`],
  )
  return [
    ...moved,
    ...[...facts].filter((fact) => !factsBefore.has(fact)).map((fact) => `now ${fact}`),
    ...[...factsBefore].filter((fact) => !facts.has(fact)).map((fact) => `no longer ${fact}`),
  ]
}

// A line that was added above a place moves it and changes nothing.
const withoutLine = (fact: string): string => fact.replace(/:\d{1,9}\)$/, ')')
