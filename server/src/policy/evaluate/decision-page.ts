import { hash } from 'node:crypto'
import { askedBy } from '../../kit/asked-by.ts'
import type { Pool } from '../../kit/hot.ts'
import type { Caller } from '../../kit/operation.ts'
import { timedId } from '../../kit/random.ts'
import type { EventDraft, Kept } from '../../ledger/event.ts'
import type { Answered } from './judge-question.ts'
import { pageText } from './page-text.ts'

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
  const kept = new Map<string, Kept>()
  let refused = 0
  for (const [at, record] of records.entries()) {
    const { isAllowed, request } = record.answered
    record.id = `${name}.${at}`
    if (!isAllowed) refused += 1
    if (request.kept !== undefined) kept.set(request.kept.digest, request.kept)
  }
  const body = pageText(records)
  const digest = hash('sha256', body, 'base64url')
  const [first] = records
  return {
    draft: draftOf(first?.caller, { decisionPage: name, decisions: records.length, digest, refused }),
    kept: [{ digest, body }, ...kept.values()],
  }
}

const draftOf = (caller: Caller | undefined, evidence: EventDraft['evidence']): EventDraft => {
  if (caller === undefined) throw new Error('a page without decisions')
  return {
    kind: EVALUATE,
    outcome: 'done',
    code: null,
    ...askedBy(caller),
    on: ASKED_OF,
    change: [],
    decision: null,
    approval: null,
    evidence,
    tags: {},
  }
}

/** A decision's page and its place there, when its id says that it stands on one. */
export const placeOfDecision = (id: string): { readonly page: string; readonly at: number } | undefined => {
  const [, page, at] = /^(dec_[A-Za-z0-9_-]{22})\.(\d{1,4})$/.exec(id) ?? []
  return page === undefined ? undefined : { page, at: Number(at) }
}
