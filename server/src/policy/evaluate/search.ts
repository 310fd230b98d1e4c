import { createHash } from 'node:crypto'
import type { Caller } from '../../kit/operation.ts'
import type { PolicyMemory } from '../memory.ts'
import type { PolicyPorts } from '../room.ts'
import { applicationIndex } from './application-index.ts'
import type { Asking } from './asking.ts'
import { judgeQuestion } from './judge-question.ts'
import { IDENTITY_TYPE, type Question, RESOURCE_TYPE } from './question.ts'
import { resolveQuestion } from './resolve-question.ts'

/** What is looked for; the part of the question that is looked for is left out of account. */
export interface Wanted {
  readonly by: 'subject' | 'resource' | 'action'
  readonly question: Question
  readonly limit: number
  /** Where an earlier page of the same search stopped. */
  readonly token: string | undefined
}

/** Names of what was found, in order, and the token of the next page, if not all was looked at. */
export interface Found {
  readonly results: readonly string[]
  readonly next: string | undefined
}

/** What a search stands on. */
export interface SearchParts {
  readonly memory: PolicyMemory
  readonly asking: Asking
  readonly ports: Pick<PolicyPorts, 'cursors' | 'identities'>
  readonly db: Parameters<PolicyPorts['identities']['find']>[0]
}

const SEARCH = 'policy.decision.search'
// A search of a large register goes on in the next page, so that nobody waits for it and it holds nobody up.
const LOOKED_AT_MAX = 2_000
const PART = 200

/** Tries one candidate after another, exactly as an evaluation would, until there are enough. */
export const searchFor = async (parts: SearchParts, caller: Caller, wanted: Wanted, now: Date): Promise<Found> => {
  const { cursors } = parts.ports
  const list = `${SEARCH} ${digestOf(wanted)}`
  let after = wanted.token === undefined ? '' : String(cursors.open(list, wanted.token)[0])
  const results: string[] = []
  for (let looked = 0; looked < LOOKED_AT_MAX; ) {
    const candidates = await candidatesAfter(parts, wanted, after)
    for (const candidate of candidates) {
      if (results.length >= wanted.limit) return { results, next: cursors.make(list, [after]) }
      if (await isPermitted(parts, caller, withCandidate(wanted, candidate), now)) results.push(candidate)
      after = candidate
      looked += 1
    }
    if (candidates.length < PART) return { results, next: undefined }
  }
  return { results, next: cursors.make(list, [after]) }
}

// The same search only: a page of another question would mean nothing.
const digestOf = ({ by, question, limit }: Wanted): string =>
  createHash('sha256')
    .update(JSON.stringify([by, limit, withCandidate({ by, question }, '')]))
    .digest('base64url')

const withCandidate = ({ by, question }: Pick<Wanted, 'by' | 'question'>, id: string): Question => {
  if (by === 'subject') return { ...question, subject: { ...question.subject, id } }
  if (by === 'resource') return { ...question, resource: { ...question.resource, id } }
  return { ...question, action: { name: id, properties: {} } }
}

/** The next part of all that may be meant, in the order of their names. */
const candidatesAfter = async (
  { memory, ports, db }: SearchParts,
  { by, question }: Wanted,
  after: string,
): Promise<readonly string[]> => {
  const { stored } = memory.base()
  const index = applicationIndex(stored.applications)
  const { subject, resource } = question
  if (by === 'subject' && subject.type === IDENTITY_TYPE)
    return ports.identities.idsAfter(db, after === '' ? undefined : after, PART)
  if (by === 'subject') return part(index.subject(subject.type)?.entities.keys(), after)
  if (by === 'resource' && resource.type === RESOURCE_TYPE)
    return part(
      stored.resources.map(({ id }) => id),
      after,
    )
  if (by === 'resource') return part(index.resource(resource.type)?.entities.keys(), after)
  const actions = memory.resource(resource.id)?.actions.map(({ name }) => name)
  return part(resource.type === RESOURCE_TYPE ? actions : index.resource(resource.type)?.actions.keys(), after)
}

const part = (names: Iterable<string> | undefined, after: string): readonly string[] =>
  [...(names ?? [])]
    .filter((name) => name > after)
    .sort()
    .slice(0, PART)

const isPermitted = async (
  { memory, asking }: SearchParts,
  caller: Caller,
  question: Question,
  now: Date,
): Promise<boolean> => {
  const resolved = await resolveQuestion(memory, question)
  if (resolved.of === 'malformed' || !asking.about(caller, SEARCH, resolved, now)) return false
  return judgeQuestion(memory, question, resolved, { caller, now }).isAllowed
}
