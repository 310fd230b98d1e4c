import { z } from 'zod'
import type { AnyDb } from '../kit/database.ts'
import type { Subject } from '../kit/operation.ts'
import type { ModeKind, ReportOnly } from './domain/policy-set.ts'
import { needIdentity, needResource } from './need.ts'
import type { PolicyPorts } from './room.ts'
import { ModeKindInput } from './shapes.ts'
import { findResource } from './store-resource.ts'
import { identitySubject, resourceSubject } from './views.ts'

/** Something report-only as it is answered. */
export const ModeView = z.object({
  kind: ModeKindInput,
  target: z.string(),
  name: z.string().describe('of the target; its id where it is no longer registered'),
  reason: z.string(),
  since: z.string(),
  expiresAt: z.string(),
  by: z.string().nullable(),
  within: z
    .string()
    .nullable()
    .describe('the directory whose first import made it so: towards what else that import brought, and nothing more'),
})

/** Something report-only as it is answered. */
export const modeView = async (ports: PolicyPorts, db: AnyDb, mode: ReportOnly): Promise<z.infer<typeof ModeView>> => ({
  ...mode,
  name: await targetName(ports, db, mode),
  since: mode.since.toISOString(),
  expiresAt: mode.expiresAt.toISOString(),
})

/** The id of what is to be report-only, and what that is about. */
export const modeTarget = async (
  ports: PolicyPorts,
  db: AnyDb,
  named: { readonly kind: ModeKind; readonly target: string },
): Promise<{ readonly id: string; readonly subject?: Subject }> => {
  if (named.kind === 'policy') return { id: named.target }
  if (named.kind === 'identity') {
    const identity = await needIdentity(ports, db, named.target)
    return { id: identity.id, subject: identitySubject(identity) }
  }
  const resource = await needResource(db, named.target)
  return { id: resource.id, subject: resourceSubject(resource) }
}

/** What people call what is report-only; its id where it is no longer registered. */
export const targetName = async (
  ports: PolicyPorts,
  db: AnyDb,
  { kind, target }: Pick<ReportOnly, 'kind' | 'target'>,
): Promise<string> => {
  if (kind === 'policy') return target
  const found = kind === 'identity' ? await ports.identities.find(db, target) : await findResource(db, target)
  return found?.name ?? target
}
