import { z } from 'zod'
import type { AnyDb } from '../../kit/database.ts'
import { DEPLOYMENT, type Subject } from '../../kit/operation.ts'
import type { MatrixLine } from '../domain/bundle.ts'
import type { Grant } from '../domain/grant.ts'
import { linesOf } from '../domain/reach.ts'
import { policyFault } from '../faults.ts'
import { gatherUses, type Looked } from '../least-privilege/gather-uses.ts'
import { notObserved } from '../least-privilege/not-observed.ts'
import { proveNothingBreaks } from '../least-privilege/prove-nothing-breaks.ts'
import {
  type Tighter,
  tightenedBundles,
  tightenedGrants,
  tighterBundle,
  tighterGrants,
} from '../least-privilege/tighten.ts'
import { grantedViews, proposalView } from '../least-privilege/views.ts'
import { needBundle, needIdentity } from '../need.ts'
import { operation, type PolicyIdentity, type PolicyPorts } from '../room.ts'
import { Reference } from '../shapes.ts'
import { allLiveGrants } from '../store-grant.ts'
import { identitySubject, resourceSubject } from '../views.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const DAYS_MAX = 400
const BROKEN_MAX = 100

const Line = z.object({ resource: z.string(), actions: z.array(z.string()) })

/** Holds what was granted against what was used, and says which tighter grants would have done as well. */
export const tightenAccess = operation.read({
  name: 'policy.access.tighten',
  summary: 'what an identity or a bundle was granted and did not use, and the tighter grants that would have done',
  input: z.strictObject({
    identity: Reference.optional().describe('the identity whose grants are looked at; or name a bundle'),
    bundle: Reference.optional().describe('the bundle that is looked at, over all who hold it'),
    days: z.number().int().min(1).max(DAYS_MAX).default(90),
  }),
  output: z.object({
    of: z.object({ type: z.enum(['identity', 'bundle']), id: z.string(), name: z.string() }),
    days: z.number(),
    since: z.string(),
    identities: z.number().describe('how many identities hold what is looked at'),
    granted: z
      .array(
        z.object({
          resource: z.string(),
          action: z.string(),
          effect: z.enum(['read', 'write', 'privileged', 'impersonate']),
          used: z
            .object({ lastAt: z.string(), count: z.number(), by: z.array(z.enum(['decision', 'use-report'])) })
            .nullable(),
        }),
      )
      .describe('each action that is granted, and whether it was used'),
    proposals: z
      .array(
        z.object({
          type: z.enum(['grant', 'bundle']),
          id: z.string(),
          name: z.string(),
          identity: z.string().nullable().describe('who holds the grant'),
          bundle: z.string().nullable().describe('the bundle that the grant gives'),
          directory: z.string().nullable().describe('the directory that declares the grant'),
          before: z.array(Line),
          after: z.array(Line).describe('what would be left; empty where it could end'),
          taken: z.array(Line),
        }),
      )
      .describe('what gives more than was used, and what it would give instead'),
    replay: z
      .object({
        decided: z.number().describe('recorded requests that were let in, decided again with what is proposed'),
        broken: z.array(z.object({ decision: z.string(), at: z.string(), actions: z.array(z.string()) })),
      })
      .describe('nothing that was used would break: `broken` is empty, or nothing is proposed'),
    notObserved: z.array(z.string()).describe('what could not be seen, in sentences'),
  }),
  faults: ['grant_identity', 'bundle_not_found', 'tighten_one', 'policy_invalid'],
  on: async ({ db, input, ports }): Promise<Subject> =>
    input.identity === undefined ? DEPLOYMENT : identitySubject(await needIdentity(ports, db, input.identity)),
  run: async ({ db, input, ports, now, sees }) => {
    const base = ports.memory.base()
    const from = new Date(now.getTime() - input.days * DAY_MS)
    const all = (await allLiveGrants(db)).filter(({ expiresAt }) => expiresAt > now)
    const { of, grants, lines } = await lookedAt(ports, db, input, all)
    const looked: Looked = { identities: new Set(grants.map(({ identity }) => identity)), from }
    const uses = await gatherUses(ports, db, base, looked)
    const isSeen = (line: MatrixLine): boolean => {
      const on = base.resource(line.resource)
      return on === undefined || sees(resourceSubject(on))
    }
    const found = of.type === 'identity' ? tighterGrants(grants, base, uses) : tighterBundle(of.bundle, base, uses)
    // What stands on a resource that the caller may not know of is not proposed at all, or half of it would be lost.
    const tighter = found.filter(({ before }) => before.every(isSeen))
    const proof = await proveNothingBreaks(ports, db, looked, {
      grants: all,
      tightened: tightenedGrants(all, tighter),
      bundles: tightenedBundles(base.stored.bundles, tighter),
    })
    const isProven = proof.broken.length === 0
    const { id, name } = of.type === 'identity' ? of.identity : of.bundle
    return {
      output: {
        of: { type: of.type, id, name },
        days: input.days,
        since: from.toISOString(),
        identities: looked.identities.size,
        granted: grantedViews(lines.filter(isSeen), base, uses),
        proposals: isProven ? await proposals(ports, db, tighter) : [],
        replay: {
          decided: proof.decided,
          broken: proof.broken.slice(0, BROKEN_MAX).map(({ actions, ...one }) => ({ ...one, actions: [...actions] })),
        },
        notObserved: [
          ...(isProven ? [] : ['what is proposed would break what was used, so nothing is proposed: see `replay`']),
          ...(found.length === tighter.length ? [] : ['some of it is on resources that you may not see, and is left']),
          ...notObserved(uses, base, { grants, lines: lines.filter(isSeen), from }),
        ],
      },
    }
  },
})

const proposals = async (ports: PolicyPorts, db: AnyDb, tighter: readonly Tighter[]) => {
  const found = []
  for (const one of tighter) {
    const holder = one.of.type === 'grant' ? await ports.identities.find(db, one.of.grant.identity) : undefined
    found.push(proposalView(one, ports.memory.base(), holder?.name ?? null))
  }
  return found
}

type LookedAt =
  | { readonly type: 'identity'; readonly identity: PolicyIdentity }
  | { readonly type: 'bundle'; readonly bundle: Awaited<ReturnType<typeof needBundle>> }

const lookedAt = async (
  ports: PolicyPorts,
  db: AnyDb,
  input: { readonly identity?: string | undefined; readonly bundle?: string | undefined },
  all: readonly Grant[],
): Promise<{ readonly of: LookedAt; readonly grants: readonly Grant[]; readonly lines: readonly MatrixLine[] }> => {
  if ((input.identity === undefined) === (input.bundle === undefined)) throw policyFault('tighten_one')
  const { bundle: lookUp } = ports.memory.base()
  if (input.bundle !== undefined) {
    const bundle = await needBundle(db, input.bundle)
    const grants = all.filter(({ gives }) => 'bundle' in gives && gives.bundle === bundle.id)
    return { of: { type: 'bundle', bundle }, grants, lines: bundle.matrix }
  }
  const identity = await needIdentity(ports, db, input.identity ?? '')
  const grants = all.filter((grant) => grant.identity === identity.id)
  return { of: { type: 'identity', identity }, grants, lines: grants.flatMap((grant) => linesOf(grant, lookUp)) }
}
