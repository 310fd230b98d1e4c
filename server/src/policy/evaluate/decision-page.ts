import { hash } from 'node:crypto'
import type { Entity, EntityUid } from '@reeve/cedar'
import { z } from 'zod'
import type { Pool } from '../../kit/hot.ts'
import type { Caller } from '../../kit/operation.ts'
import { timedId } from '../../kit/random.ts'
import type { EventDraft, Kept } from '../../ledger/event.ts'
import { asRequest, CedarRecordText, type RecordedRequest, Uid } from '../decide/recorded-request.ts'
import type { Answered } from './judge-question.ts'

/** One decision until it is written down; `id` is given when it is. */
export interface DecisionRecord {
  id: string
  readonly caller: Caller
  /** What the caller calls its request, if it names it. */
  readonly askedAs: string | null
  readonly answered: Answered
}

/** What decisions of questions are recorded as. */
export const EVALUATE = 'policy.decision.evaluate'

/** On what a question is recorded: what it is about stands in the decision, and may be no thing of the register. */
export const ASKED_OF = { type: 'Deployment', id: 'reeve', name: 'reeve', environment: null, team: null }

/** How many decisions one page takes. */
const PAGE_MAX = 1_000

/**
 * The pool of decisions: those of one caller in one commit are one event, and the page that it names by digest holds
 * each with what it was decided on. A decision's id is the page's name and its place there.
 */
export const decisionPool = (): Pool => {
  const isRecord = (record: object): record is DecisionRecord => 'answered' in record
  return {
    write: (records, { random, now }) => {
      const drafts: EventDraft[] = []
      const kept: Kept[] = []
      const byCaller = new Map<string, DecisionRecord[]>()
      for (const record of records) {
        if (!isRecord(record)) continue
        const key = keyOfCaller(record.caller)
        const known = byCaller.get(key)
        if (known === undefined) byCaller.set(key, [record])
        else known.push(record)
      }
      for (const all of byCaller.values())
        for (let from = 0; from < all.length; from += PAGE_MAX) {
          const page = writePage(all.slice(from, from + PAGE_MAX), timedId(random, 'dec', now))
          drafts.push(page.draft)
          kept.push(...page.kept)
        }
      return { drafts, kept }
    },
  }
}

const callerKeys = new WeakMap<object, string>()

const keyOfCaller = (caller: Caller): string => {
  if (caller.bearer === undefined) return callerKey(caller)
  const known = callerKeys.get(caller.bearer)
  if (known !== undefined) return known
  const key = callerKey(caller)
  callerKeys.set(caller.bearer, key)
  return key
}

const callerKey = ({ actor, credential, instance, token, source }: Caller): string =>
  JSON.stringify([actor.principalType, actor.id, credential, instance, token, source.ip, source.userAgent])

const writePage = (records: readonly DecisionRecord[], name: string): { draft: EventDraft; kept: readonly Kept[] } => {
  const entities: Entity[] = []
  const places = new Map<Entity, number>()
  const placeOf = (entity: Entity): number => {
    const known = places.get(entity)
    if (known !== undefined) return known
    places.set(entity, entities.length)
    return entities.push(entity) - 1
  }
  const kept = new Map<string, Kept>()
  let refused = 0
  const decisions = records.map((record, at) => {
    const { answered } = record
    record.id = `${name}.${at}`
    if (!answered.isAllowed) refused += 1
    const text = answered.request.kept
    if (text !== undefined) kept.set(text.digest, text)
    return decisionText(record, answered.request.entities.map(placeOf))
  })
  const body = `{"version":1,"entities":[${entities.map(jsonOf).join(',')}],"decisions":[${decisions.join(',')}]}`
  const digest = hash('sha256', body, 'base64url')
  const [first] = records
  return {
    draft: draftOf(first?.caller, { decisionPage: name, digest, decisions: records.length, refused }),
    kept: [{ digest, body }, ...kept.values()],
  }
}

/** What `Page` below reads of one decision, written out: a commit holds up to a thousand, and they share most of it. */
const decisionText = ({ answered, caller, askedAs }: DecisionRecord, places: readonly number[]): string => {
  const { outcome, isEnforced, policies, missing, revision, request } = answered
  const { principal, action, resource, context, kept, ancestors } = request
  const decided = `"outcome":"${outcome}","enforced":${isEnforced},"policies":${JSON.stringify(policies)},"missing":${JSON.stringify(missing)},"revision":${JSON.stringify(revision)}`
  const asked = `"requestId":${JSON.stringify(caller.requestId)},"askedAs":${JSON.stringify(askedAs)}`
  const named = `"principal":${jsonOf(principal)},"action":${JSON.stringify(action)},"resource":${jsonOf(resource)}`
  const facts = `"context":${JSON.stringify(context)},"entities":[${places.join(',')}],"kept":${JSON.stringify(kept?.digest ?? null)}`
  const above = ancestors === undefined ? '' : `,"ancestors":${JSON.stringify(ancestors)}`
  return `{${decided},${asked},${named},${facts}${above}}`
}

const jsons = new WeakMap<object, string>()

/** Things of the register and their names stay as they are, and are written again and again. */
const jsonOf = (thing: Entity | EntityUid): string => {
  const known = jsons.get(thing)
  if (known !== undefined) return known
  const json = JSON.stringify(thing)
  jsons.set(thing, json)
  return json
}

const draftOf = (caller: Caller | undefined, evidence: EventDraft['evidence']): EventDraft => {
  if (caller === undefined) throw new Error('a page without decisions')
  return {
    kind: EVALUATE,
    outcome: 'done',
    code: null,
    actor: caller.actor,
    instance: caller.instance,
    credential: caller.credential,
    token: caller.token,
    workflow: caller.workflow,
    on: ASKED_OF,
    change: [],
    decision: null,
    approval: null,
    evidence,
    tags: {},
    source: caller.source,
    correlation: { requestId: caller.requestId, traceparent: caller.traceparent, cause: null },
  }
}

const Page = z.object({
  version: z.literal(1),
  entities: z.array(z.object({ uid: Uid, attrs: CedarRecordText, parents: z.array(Uid) }).loose()),
  decisions: z.array(
    z.object({
      outcome: z.enum(['allow', 'deny']),
      enforced: z.boolean(),
      policies: z.array(z.string()),
      missing: z.array(z.string()),
      revision: z.string(),
      requestId: z.string(),
      principal: Uid,
      action: z.string(),
      resource: Uid,
      context: CedarRecordText,
      entities: z.array(z.number()),
      kept: z.string().nullable(),
      ancestors: z.array(z.unknown()).optional(),
    }),
  ),
})

/** A decision of a page, with the request that it was made on, or the digest of the text that holds it. */
export interface PagedDecision {
  readonly decision: z.infer<typeof Page>['decisions'][number]
  readonly request: RecordedRequest | undefined
}

/** The decisions of a page in their order; none when the text is no page. */
export const readPage = (body: string): readonly PagedDecision[] => {
  const parsed = Page.safeParse(parseJson(body))
  if (!parsed.success) return []
  const { entities, decisions } = parsed.data
  return decisions.map((decision) => {
    if (decision.kept !== null) return { decision, request: undefined }
    const request = {
      of: 'evaluation',
      principal: decision.principal,
      actions: [decision.action],
      resource: decision.resource,
      context: decision.context,
      entities: decision.entities.flatMap((at) => entities[at] ?? []),
      exception: null,
      ...(decision.ancestors === undefined ? {} : { ancestors: decision.ancestors }),
    }
    // Read as every other kept request is, so that a page is believed no more than a text.
    return { decision, request: asRequest(request) }
  })
}

/** A decision's page and its place there, when its id says that it stands on one. */
export const placeOfDecision = (id: string): { readonly page: string; readonly at: number } | undefined => {
  const [, page, at] = /^(dec_[A-Za-z0-9_-]{22})\.(\d{1,4})$/.exec(id) ?? []
  return page === undefined ? undefined : { page, at: Number(at) }
}

const parseJson = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
