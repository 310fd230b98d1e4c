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
  const answers = new Map<string, number>()
  const decisions: string[] = []
  for (const record of records) {
    const answer = answerText(record.answered)
    const known = answers.get(answer)
    if (known === undefined) answers.set(answer, answers.size)
    decisions.push(decisionText(record, known ?? answers.size - 1, placeOf))
  }
  return `{"version":2,"entities":[${entities.join(',')}],"answers":[${[...answers.keys()].join(',')}],"decisions":[${decisions.join(',')}]}`
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
