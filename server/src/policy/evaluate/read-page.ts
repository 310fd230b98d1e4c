import type { CedarRecord, EntityUid } from '@reeve/cedar'
import { z } from 'zod'
import { asRequest, CedarRecordText, type RecordedRequest, Uid } from '../decide/recorded-request.ts'

/** A decision of a page, with the request that it was made on, or the digest of the text that holds it. */
export interface PagedDecision {
  readonly decision: {
    readonly outcome: 'allow' | 'deny'
    readonly enforced: boolean
    readonly policies: string[]
    readonly missing: string[]
    readonly revision: string
    readonly requestId: string
    readonly askedAs: string | null
    readonly resource: EntityUid
    readonly kept: string | null
  }
  readonly request: RecordedRequest | undefined
}

/** The decisions of a page in their order; none when the text is no page. */
export const readPage = (body: string): readonly PagedDecision[] => {
  const parsed = Page.safeParse(parseJson(body))
  if (!parsed.success) return []
  const page = parsed.data
  return page.version === 1 ? ofFirst(page) : (ofSecond(page) ?? [])
}

const FirstPage = z.object({
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
      askedAs: z.string().nullable().default(null),
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

const Texts = z.array(z.string())
const Place = z.number()

// What each place of these lists is, `page-text.ts` says.
const SecondPage = z.object({
  version: z.literal(2),
  entities: z.array(z.tuple([z.string(), z.string(), CedarRecordText, z.array(Uid), CedarRecordText.optional()])),
  answers: z.array(z.tuple([z.enum(['allow', 'deny']), z.boolean(), Texts, Texts, z.string(), z.string()])),
  decisions: z.array(
    z.tuple([
      Place,
      z.string(),
      z.string().nullable(),
      z.union([Place, Uid]),
      z.union([Place, Uid]),
      CedarRecordText,
      z.array(Place),
      z.string().nullable(),
      z.array(z.unknown()).optional(),
    ]),
  ),
})

const Page = z.discriminatedUnion('version', [FirstPage, SecondPage])

const ofFirst = ({ entities, decisions }: z.infer<typeof FirstPage>): readonly PagedDecision[] =>
  decisions.map((decision) => {
    const listed = decision.entities.flatMap((at) => entities[at] ?? [])
    const { ancestors } = decision
    return { decision, request: requestOf({ ...decision, entities: listed, ancestors }) }
  })

/** Undefined where a place is none: what is not whole is not guessed at. */
const ofSecond = ({ entities, answers, decisions }: z.infer<typeof SecondPage>): PagedDecision[] | undefined => {
  const things = entities.map(([type, id, attrs, parents, tags]) => ({
    ...{ uid: { type, id }, attrs, parents },
    ...(tags === undefined ? {} : { tags }),
  }))
  const uidOf = (named: number | EntityUid) => (typeof named === 'number' ? things[named]?.uid : named)
  const read: PagedDecision[] = []
  for (const [answer, requestId, askedAs, who, what, context, places, kept, ancestors] of decisions) {
    const answered = answers[answer]
    const [principal, resource] = [uidOf(who), uidOf(what)]
    const listed = places.flatMap((at) => things[at] ?? [])
    if (!answered || !principal || !resource || listed.length < places.length) return undefined
    const [outcome, enforced, policies, missing, revision, action] = answered
    const decision = { outcome, enforced, policies, missing, revision, requestId, askedAs, resource, kept }
    read.push({
      decision,
      request: requestOf({ principal, action, resource, context, entities: listed, ancestors, kept }),
    })
  }
  return read
}

interface AskedOf {
  readonly principal: EntityUid
  readonly action: string
  readonly resource: EntityUid
  readonly context: CedarRecord
  readonly entities: readonly unknown[]
  readonly ancestors: readonly unknown[] | undefined
  readonly kept: string | null
}

// Read as every other kept request is, so that a page is believed no more than a text.
const requestOf = ({ principal, action, resource, context, entities, ancestors, kept }: AskedOf) =>
  kept === null
    ? asRequest({
        ...{ of: 'evaluation', principal, actions: [action], resource, context, entities, exception: null },
        ...(ancestors === undefined ? {} : { ancestors }),
      })
    : undefined

const parseJson = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
