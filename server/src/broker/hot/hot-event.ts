import { coreFault, type Fault } from '../../kit/fault.ts'
import { withoutSecrets } from '../../kit/secret-shape.ts'
import type { EventDraft } from '../../ledger/event.ts'
import type { Client, ClientCredential } from '../memory/client-memory.ts'
import type { ForeignWorkflow, UnprovenClient } from './authenticate-client.ts'
import type { HotParts } from './hot-parts.ts'
import type { OAuthRequest } from './oauth-request.ts'

/** What an event of a hot path says beyond the request itself. */
export interface EventPart {
  readonly kind: string
  readonly client: Client
  readonly credential: ClientCredential
  readonly instance: string | null
  /** As the platform of the workload says, in place of what is registered. */
  readonly workflow?: ForeignWorkflow | undefined
  readonly run?: string | undefined
  /** Why it was refused; without one it was done. */
  readonly fault?: Fault | undefined
  readonly token?: string | null
  readonly on?: EventDraft['on']
  readonly decision?: EventDraft['decision']
  readonly evidence?: EventDraft['evidence']
}

/** The record of what a client that proved itself did or was refused. */
export const draftOf = (request: OAuthRequest, part: EventPart): EventDraft => {
  const { subject } = part.client
  return {
    kind: part.kind,
    outcome: part.fault === undefined ? 'done' : 'refused',
    code: part.fault?.code ?? null,
    actor: { principalType: 'nhi', id: subject.id, name: subject.name },
    instance: part.instance,
    credential: part.credential.id,
    token: part.token ?? null,
    workflow: workflowOf(subject.workflow, part),
    on: part.on ?? null,
    change: [],
    decision: part.decision ?? null,
    approval: null,
    evidence: part.evidence ?? {},
    tags: subject.tags,
    source: request.source,
    correlation: { requestId: request.requestId, traceparent: request.traceparent, cause: null },
  }
}

/** The workflow of an identity, with what its platform says of the one that runs. */
export const workflowOf = (
  registered: Client['subject']['workflow'],
  { workflow: said, run }: Pick<EventPart, 'workflow' | 'run'>,
) => {
  const name = registered?.name ?? said?.name
  if (name === undefined) return null
  return { name, repository: said?.repository ?? registered?.repository ?? null, run: said?.run ?? run ?? null }
}

/**
 * Records that somebody did not prove who they are, with who was meant, and hands back why; over the limit neither. Whatever
 * it came to, it is answered on a step of time: neither a look nor a record tells whether there is such a name.
 */
export const refusedBy = async (
  parts: HotParts,
  request: OAuthRequest,
  kind: string,
  unproven: UnprovenClient,
): Promise<Fault> => {
  const { fault, claimedId, steps } = unproven
  try {
    // By what was claimed, and not by whom it turned out to be: the limit must not tell who exists.
    const refused =
      limitedFault(request, claimedId) ??
      (await parts.hot.run<Fault>({
        judge: async () => ({ drafts: [unprovenDraft(request, kind, unproven)], value: fault }),
      }))
    await steps?.next()
    return refused
  } finally {
    steps?.end()
  }
}

const unprovenDraft = (
  request: OAuthRequest,
  kind: string,
  { fault, claimedId, client, evidence = {} }: UnprovenClient,
): EventDraft => {
  const subject = client?.subject
  return {
    kind,
    outcome: 'refused',
    code: fault.code,
    actor: { principalType: 'anonymous', id: claimedId === null ? null : claimedText(claimedId), name: null },
    instance: null,
    credential: null,
    token: null,
    workflow: null,
    on:
      subject === undefined
        ? null
        : {
            type: 'Identity',
            id: subject.id,
            name: subject.name,
            environment: subject.environment,
            team: subject.owner.id,
          },
    change: [],
    decision: null,
    approval: null,
    evidence,
    tags: subject?.tags ?? {},
    source: request.source,
    correlation: { requestId: request.requestId, traceparent: request.traceparent, cause: null },
  }
}

/** Counts a failed proof; `limited` when there were too many to record this one as well. */
export const limitedFault = (request: OAuthRequest, claimed: string | null): Fault | undefined => {
  const retryAfterSeconds = request.failed(claimed)
  return retryAfterSeconds === 0 ? undefined : coreFault('limited', { retryAfterSeconds })
}

/** Records a request that could not be read as one of this kind, and hands back why. */
export const createRefuse =
  (parts: HotParts) =>
  (kind: TokenRequestKind, request: OAuthRequest, fault: Fault): Promise<Fault> =>
    refusedBy(parts, request, kind, { isProven: false, fault, claimedId: null, client: undefined })

/** What the three endpoints are called in events. */
export type TokenRequestKind = 'broker.token.issue' | 'broker.token.introspect' | 'broker.token.revoke'

const CLAIMED_MAX = 500

/** What nobody proved is kept short and printable: an event is read by people and parsers. */
export const printable = (claimed: string): string =>
  withoutSecrets(claimed)
    .slice(0, CLAIMED_MAX)
    .replaceAll(/[^\x20-\x7e]/g, '?')

const CLIENT_ID = /^nhi_[\w-]{1,60}$/

// Somebody who puts a secret where a name belongs must not find it in the log, and a password has no shape of its own;
// who was meant, where that is known, is what the event is on.
const claimedText = (claimed: string): string =>
  CLIENT_ID.test(claimed) ? claimed : '(withheld: not the id of an identity)'
