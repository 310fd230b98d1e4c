import type { CedarRecord, Entity, EntityUid } from '@reeve/cedar'
import type { Caller } from '../../kit/operation.ts'
import type { Answered } from './judge-question.ts'

/** A decision as a page holds it. */
interface Paged {
  readonly caller: Pick<Caller, 'requestId'>
  readonly askedAs: string | null
  readonly answered: Answered
}

/**
 * The text of a page of decisions, version 2: what they were made on and how they ended stand there once, in order, and
 * each decision names them by their places. A commit holds up to a thousand, all of which are hashed, written and copied
 * by whoever answers them; `read-page.ts` reads it.
 */
export const pageText = (records: readonly Paged[]): string => {
  const entities: string[] = []
  const places = new Map<Entity, number>()
  const placeOf = (entity: Entity): number => {
    const known = places.get(entity)
    if (known !== undefined) return known
    places.set(entity, entities.length)
    return entities.push(jsonOf(entity)) - 1
  }
  const answers = createAnswers()
  const decisions: string[] = []
  for (const record of records) decisions.push(decisionText(record, answers.placeOf(record.answered), placeOf))
  return `{"version":2,"entities":[${entities.join(',')}],"answers":[${answers.texts().join(',')}],"decisions":[${decisions.join(',')}]}`
}

/** How decisions of a page ended, each way once. Most end as one of the first few did, which comparing shows sooner than writing. */
const createAnswers = () => {
  const places = new Map<string, number>()
  const first: { readonly answered: Answered; readonly place: number }[] = []
  return {
    texts: (): readonly string[] => [...places.keys()],
    placeOf: (answered: Answered): number => {
      for (const known of first) if (isSameAnswer(known.answered, answered)) return known.place
      const text = answerText(answered)
      const place = places.get(text) ?? places.size
      places.set(text, place)
      if (first.length < COMPARED_MAX) first.push({ answered, place })
      return place
    },
  }
}

const COMPARED_MAX = 12

/** INVARIANT: compares all that `answerText` writes. */
const isSameAnswer = (one: Answered, other: Answered): boolean =>
  one.request.action === other.request.action &&
  one.outcome === other.outcome &&
  one.isEnforced === other.isEnforced &&
  one.revision === other.revision &&
  isSameList(one.policies, other.policies) &&
  isSameList(one.missing, other.missing)

const isSameList = (one: readonly string[], other: readonly string[]): boolean => {
  if (one.length !== other.length) return false
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false
  return true
}

const answerText = ({ outcome, isEnforced, policies, missing, revision, request }: Answered): string =>
  JSON.stringify([outcome, isEnforced, policies, missing, revision, request.action])

const decisionText = (
  { answered, caller, askedAs }: Paged,
  answer: number,
  placeOf: (of: Entity) => number,
): string => {
  const { principal, resource, context, entities, kept, ancestors } = answered.request
  let [who, what, places] = ['', '', '']
  for (const entity of entities) {
    const place = String(placeOf(entity))
    places = places === '' ? place : `${places},${place}`
    // A thing that the decision was made on is named by where it stands.
    if (entity.uid === principal) who = place
    if (entity.uid === resource) what = place
  }
  const asked = `${JSON.stringify(caller.requestId)},${askedAs === null ? 'null' : JSON.stringify(askedAs)}`
  const named = `${who || uidText(principal)},${what || uidText(resource)}`
  const facts = `${recordText(context)},[${places}],${kept === undefined ? 'null' : JSON.stringify(kept.digest)}`
  return `[${answer},${asked},${named},${facts}${ancestors === undefined ? '' : `,${JSON.stringify(ancestors)}`}]`
}

const uidText = ({ type, id }: EntityUid): string => JSON.stringify({ type, id })

const recordText = (record: CedarRecord): string => {
  for (const _ in record) return JSON.stringify(record)
  return '{}'
}

const jsons = new WeakMap<Entity, string>()

/** Things of the register stay as they are, and are written again and again. */
const jsonOf = (entity: Entity): string => {
  const known = jsons.get(entity)
  if (known !== undefined) return known
  const { uid, attrs, parents, tags } = entity
  const json = JSON.stringify([uid.type, uid.id, attrs, parents, ...(tags === undefined ? [] : [tags])])
  jsons.set(entity, json)
  return json
}
