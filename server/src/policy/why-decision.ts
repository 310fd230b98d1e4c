import type { AnyDb } from '../kit/database.ts'
import { useSentence } from '../ledger/shared-event.ts'
import { isolationSubject } from './domain/isolation.ts'
import { type Explained, expiredLately, explainRecorded, type NamedPolicy, namePolicy } from './explain.ts'
import { otherFlips, type Turned } from './other-flips.ts'
import { policiesThen } from './policies-then.ts'
import { findDecision, type RecordedDecision } from './recorded-decision.ts'
import type { PolicyPorts } from './room.ts'

/** Why something is as it is, as observe answers it. */
export interface Reason {
  readonly id: string
  readonly summary: string
  readonly because: readonly string[]
  readonly policies: readonly NamedPolicy[]
  readonly missing: readonly string[]
  readonly wouldAllow: string | null
  readonly next: string
}

/** Makes the answer to `why` for decisions (`dec_…`). */
export const createWhyDecision =
  (ports: Pick<PolicyPorts, 'decisions' | 'memory'>) =>
  async (db: AnyDb, id: string, now: Date): Promise<Reason | undefined> => {
    const decided = await findDecision(ports, db, id)
    return decided === undefined ? undefined : reasonOf(ports, db, decided, now)
  }

/** The reason of one decision. */
export const reasonOf = async (
  ports: Pick<PolicyPorts, 'memory' | 'decisions'>,
  db: AnyDb,
  decided: RecordedDecision,
  now: Date,
): Promise<Reason> => {
  const { memory } = ports
  const { event, request, at } = decided
  const { decision } = event
  if (request !== undefined) await memory.warm(request.principal.id)
  const isDenied = decision.outcome === 'deny'
  const isInvariant = decision.policies.some((policy) => policy.startsWith('reeve:')) && isDenied
  const explained: Explained =
    isDenied && !isInvariant && request !== undefined
      ? explainRecorded(memory, request, { at, now, expired: await expiredLately(db, request.principal.id, now) })
      : NOT_EXPLAINED
  const grants = request === undefined ? [] : (memory.warmed(request.principal.id)?.grants ?? [])
  const then = await policiesThen(db, memory, decision.revision, decision.policies)
  const policies = decision.policies.map((policy) => namePolicy(memory, policy, { set: then, grants }))
  const invariants = isInvariant ? policies.flatMap(({ text }) => (text === null ? [] : [text])) : []
  const isOld = decision.revision !== memory.base().revision
  return {
    id: decision.id,
    summary: summaryOf(decided),
    because: [
      ...invariants,
      ...(event.evidence?.chain === undefined
        ? []
        : [`the chain is ${event.evidence.chain}: each acts for the one before it`]),
      ...explained.because,
      ...useSentence({ evidence: { uses: event.evidence?.uses ?? null } }, decision.id),
      ...(await otherwiseTurned(ports, db, decided, explained)),
      ...(isOld
        ? [`it was decided by revision ${decision.revision}; what would allow it is judged by the policies of now`]
        : []),
    ],
    policies: [...policies, ...explainedPolicies(explained, policies, memory)],
    missing: [...new Set([...decision.missing, ...explained.missing])].sort(),
    wouldAllow: explained.wouldAllow,
    next: nextOf(decided, explained),
  }
}

/** What else the proposed grants would turn: whoever gives one should know. */
const otherwiseTurned = async (
  ports: Pick<PolicyPorts, 'memory' | 'decisions'>,
  db: AnyDb,
  { event }: RecordedDecision,
  { proposed }: Explained,
): Promise<readonly string[]> => {
  const said: string[] = []
  for (const grant of proposed) {
    const { allowed, refused } = await otherFlips(ports, db, grant, event.decision.id)
    const what = `a grant of ${grant.actions.join(', ')} would also have`
    for (const [turned, verb, of] of [
      [allowed, 'allowed', 'recorded refusals'],
      [refused, 'refused', 'recorded requests that were allowed'],
    ] as const)
      if (turned.flips.length > 0)
        said.push(`${what} ${verb} ${turned.flips.length} of ${turned.looked} ${of}: ${list(turned)}`)
  }
  return said
}

const list = ({ flips }: Turned): string => {
  const told = flips.slice(0, TOLD_MAX).map(({ id, at, actions }) => `${id} (${actions.join(', ')}, ${at})`)
  return `${told.join(', ')}${flips.length > TOLD_MAX ? ` and ${flips.length - TOLD_MAX} more` : ''}`
}

const TOLD_MAX = 5

const NOT_EXPLAINED: Explained = { because: [], missing: [], wouldAllow: null, proposed: [], nearly: [] }

const summaryOf = ({ event, request }: RecordedDecision): string => {
  const { decision, actor, on } = event
  const who = actor.name ?? actor.id ?? `a caller without proof`
  const what = request?.of === 'token' ? `${request.actions.join(', ') || 'what it is granted'}` : event.kind
  const where = on?.name ?? on?.id ?? request?.resource.id ?? 'this server'
  const verdict =
    decision.outcome === 'allow'
      ? 'was allowed'
      : decision.enforced
        ? 'was refused'
        : 'would have been refused (report-only)'
  return `${who} ${verdict}: ${what} on ${where}`
}

// A permit that nearly held is what a reader looks for first, though it decided nothing.
const explainedPolicies = (
  explained: Explained,
  known: readonly NamedPolicy[],
  memory: PolicyPorts['memory'],
): readonly NamedPolicy[] =>
  explained.nearly.filter((id) => !known.some((policy) => policy.id === id)).map((id) => namePolicy(memory, id))

const nextOf = ({ event, request }: RecordedDecision, explained: Explained): string => {
  const { outcome, policies } = event.decision
  if (outcome === 'allow') return 'nothing: it was allowed'
  if (policies.includes('reeve:environment-isolation') && request !== undefined)
    return `use an identity of that environment, or ask for an exception of kind environment-isolation on ${isolationSubject(request.principal.id, request.resource.id)}`
  if (policies.includes('reeve:exceeds-parent'))
    return 'grant the same to its parent as well, or use an identity that nobody spawned'
  if (explained.wouldAllow !== null)
    return 'add the grant to your directory and run `reeve apply`, or run `reeve grant create`'
  if (request?.of === 'call') return 'ask somebody whose role allows it, or an admin for the role'
  return 'ask the owner of the resource'
}
