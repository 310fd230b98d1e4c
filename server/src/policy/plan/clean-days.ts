import type { ReportOnly } from '../domain/policy-set.ts'
import type { Replayed } from './replay-page.ts'

/** What is report-only, and when it last would have refused, as far as this page of decisions tells. */
export const reportOnlyView = (
  modes: readonly ReportOnly[],
  reported: Replayed['reported'],
): readonly { kind: string; target: string; since: string; lastRefusalAt: string | null }[] => {
  const last = new Map<string, string>()
  for (const { at, of } of reported) for (const thing of of) if ((last.get(thing) ?? '') < at) last.set(thing, at)
  return modes.map(({ kind, target, since }) => ({
    kind,
    target,
    since: since.toISOString(),
    lastRefusalAt: last.get(`${kind} ${target}`) ?? null,
  }))
}
