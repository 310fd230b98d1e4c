const DAY_MS = 24 * 60 * 60 * 1000

/** Whole days without a refusal that was only reported. Nobody knows what was before the days that were looked at. */
export const cleanDays = (
  { since, lastRefusalAt }: { readonly since: string; readonly lastRefusalAt: string | null },
  { days, now }: { readonly days: number; readonly now: Date },
): number => {
  const from = lastRefusalAt ?? since
  return Math.min(days, Math.max(0, Math.floor((now.getTime() - new Date(from).getTime()) / DAY_MS)))
}

interface Refused {
  readonly kind: string
  readonly target: string
  readonly lastRefusalAt: string | null
}

/**
 * What is report-only after one more page of decisions, each with its last refusal of all pages. Between two pages
 * something may have been enforced, or become report-only, so that places in the lists say nothing.
 */
export const latestRefusals = <One extends Refused>(before: readonly One[], page: readonly One[]): readonly One[] => {
  const known = new Map(before.map((one) => [keyOf(one), one.lastRefusalAt ?? '']))
  return page.map((one) => {
    const was = known.get(keyOf(one)) ?? ''
    const last = was > (one.lastRefusalAt ?? '') ? was : one.lastRefusalAt
    return { ...one, lastRefusalAt: last }
  })
}

const keyOf = ({ kind, target }: Refused): string => JSON.stringify([kind, target])
