import type { AnyDb } from '../../kit/database.ts'
import type { ReportOnly } from '../domain/policy-set.ts'
import { targetName } from '../mode-target.ts'
import type { PolicyPorts } from '../room.ts'
import type { Replayed } from './replay-page.ts'

interface ReportOnlyView {
  readonly kind: string
  readonly target: string
  readonly name: string
  readonly since: string
  readonly lastRefusalAt: string | null
}

/** What is report-only, and when it last would have refused, as far as this page of decisions tells. */
export const reportOnlyView = async (
  ports: PolicyPorts,
  db: AnyDb,
  { modes, reported }: { readonly modes: readonly ReportOnly[]; readonly reported: Replayed['reported'] },
): Promise<ReportOnlyView[]> => {
  const last = new Map<string, string>()
  for (const { at, of } of reported) for (const thing of of) if ((last.get(thing) ?? '') < at) last.set(thing, at)
  return Promise.all(
    modes.map(async (mode) => ({
      kind: mode.kind,
      target: mode.target,
      name: await targetName(ports, db, mode),
      since: mode.since.toISOString(),
      lastRefusalAt: last.get(`${mode.kind} ${mode.target}`) ?? null,
    })),
  )
}
