import { z } from 'zod'
import { PageInput } from '../../kit/cursor.ts'
import type { Handle } from '../../kit/database.ts'
import { DEPLOYMENT, type Subject } from '../../kit/operation.ts'
import type { Scope } from '../../kit/scope.ts'
import { BLAST_RADII, BOUNDARIES, FUNCTIONS, KINDS, LIFECYCLES } from '../domain/identity.ts'
import { daysAfter } from '../domain/moment.ts'
import { type Place, type RangeSought, SORTS, type Sort, type Sought, type SoughtColumn } from '../domain/search.ts'
import { STATES } from '../domain/state.ts'
import { FIELDS, type Field, fieldTerm, tagTerm, wordsOf } from '../domain/terms.ts'
import { environment, IdentityView, viewOf } from '../identity-shape.ts'
import { invalid } from '../particulars.ts'
import { operation } from '../room.ts'
import type { InventoryTables } from '../schema.ts'
import { findPageWithin } from '../search-within.ts'
import { identitiesByName } from '../store-identity.ts'
import { teamsById, teamsOfContact } from '../store-team.ts'
import { needTeam, seenIdentity, teamSubject } from '../subject.ts'
import { line, reference } from '../texts.ts'

const LIST = 'inventory.identity.list'

const Input = z.strictObject({
  state: z.enum(STATES).optional(),
  kind: z.enum(KINDS).optional(),
  environment: environment.optional(),
  tier: z.enum(['low', 'medium', 'high']).optional(),
  owner: reference('owner').optional(),
  contact: line('contact', 200).optional().describe('a technical or business contact of the owner'),
  parent: reference('parent').optional(),
  lifecycle: z.enum(LIFECYCLES).optional(),
  boundary: z.enum(BOUNDARIES).optional(),
  blastRadius: z.enum(BLAST_RADII).optional().describe('the effective one'),
  function: z.enum(FUNCTIONS).optional(),
  authMethod: line('authMethod', 40).optional(),
  workflow: line('workflow', 100).optional(),
  repository: line('repository', 200).optional(),
  pipeline: line('pipeline', 200).optional(),
  createdBy: line('createdBy', 100).optional(),
  approvedBy: line('approvedBy', 100).optional().describe('the approval it was activated with'),
  revocationProcedure: z.enum(['given', 'missing']).optional().describe('`text` finds its words'),
  upstream: line('upstream', 200).optional(),
  downstream: line('downstream', 200).optional(),
  tags: z.record(z.string().max(63), line('a tag', 255)).optional(),
  text: line('text', 200)
    .optional()
    .describe('words of name, purpose, tags and revocation procedure, or the beginning of a name'),
  unusedSinceDays: z.number().int().min(0).max(3650).optional(),
  expiresBefore: z.iso.datetime().max(40).optional(),
  reviewBefore: z.iso.datetime().max(40).optional(),
  createdAfter: z.iso.datetime().max(40).optional().describe('created then or later'),
  createdBefore: z.iso.datetime().max(40).optional(),
  sort: z.enum(SORTS).optional().describe('default: the moment that is asked about, else the name'),
  ...PageInput,
})
type Asked = z.infer<typeof Input>

/** Lists identities, narrowed by any field, tag, word or moment. */
export const listIdentities = operation.list({
  name: LIST,
  summary: 'list identities by any field, tag, word or moment; a page may be short, the end is where no cursor comes',
  input: Input,
  output: z.object({ items: z.array(IdentityView), nextCursor: z.string().nullable() }),
  faults: [],
  on: async ({ db, input }) => (input.owner === undefined ? DEPLOYMENT : teamSubject(await needTeam(db, input.owner))),
  run: async ({ db, input, ports, now, scope, sees }) => {
    const { cursor, limit, ...filters } = input
    const within = await answeredBy(db, scope, input.contact)
    const list = JSON.stringify([LIST, filters])
    const after = cursor === undefined ? undefined : placeOf(ports.cursors.open(list, cursor))
    const page = await findPageWithin(db, within, await soughtBy(db, filters, { now, sees }), after, limit)
    const found = await identitiesByName(
      db,
      page.places.map(({ name }) => name),
    )
    const owners = await teamsById(
      db,
      found.map((identity) => identity.ownerId),
    )
    return {
      output: {
        items: found.map((identity) => viewOf(identity, owners.get(identity.ownerId))),
        nextCursor: page.next === undefined ? null : ports.cursors.make(list, [page.next.key, page.next.name]),
      },
    }
  },
})

/** Teams whose identities one list gathers for a contact: each is a search of its own. */
const TEAMS_MAX = 100

const answeredBy = async (db: Handle<InventoryTables>, scope: Scope, contact: string | undefined): Promise<Scope> => {
  if (contact === undefined) return scope
  const teams = await teamsOfContact(db, scope, contact, TEAMS_MAX + 1)
  if (teams.length > TEAMS_MAX)
    throw invalid('contact', `${contact} is a contact of more than ${TEAMS_MAX} teams: ask by owner, a team at a time`)
  return { all: false, teams }
}

const placeOf = ([key, name]: readonly (string | number)[]): Place => ({ key: Number(key), name: String(name) })

const soughtBy = async (
  db: Handle<InventoryTables>,
  asked: Omit<Asked, 'cursor' | 'limit'>,
  { now, sees }: { readonly now: Date; readonly sees: (subject: Subject) => boolean },
): Promise<Sought> => {
  const ids = {
    ...asked,
    owner: asked.owner === undefined ? undefined : (await needTeam(db, asked.owner)).id,
    parent: asked.parent === undefined ? undefined : (await seenIdentity(db, sees, asked.parent)).id,
  }
  const tags = Object.entries(asked.tags ?? {}).map(([key, value]) => ({ term: tagTerm(key, value) }))
  const fields = FIELDS.flatMap((field) => {
    const value = ids[field]
    const column = COLUMNS[field]
    if (value === undefined) return []
    return [{ term: fieldTerm(field, value), column: column === undefined ? undefined : { name: column, value } }]
  })
  const ranges = rangesOf(asked, now)
  return {
    terms: [...tags, ...fields],
    ranges,
    text: textOf(asked.text),
    sort: asked.sort ?? naturalSort(ranges),
  }
}

const COLUMNS: Readonly<Partial<Record<Field, SoughtColumn>>> = {
  owner: 'owner_id',
  parent: 'parent_id',
  workflow: 'workflow_name',
  repository: 'workflow_repository',
  pipeline: 'pipeline',
  createdBy: 'created_by',
  approvedBy: 'approved_by',
  kind: 'kind',
  tier: 'tier',
  state: 'state',
  environment: 'environment',
  lifecycle: 'lifecycle',
  boundary: 'boundary',
  blastRadius: 'effective_blast_radius',
}

type Moments = Pick<Asked, 'unusedSinceDays' | 'expiresBefore' | 'reviewBefore' | 'createdAfter' | 'createdBefore'>

const rangesOf = (asked: Moments, now: Date) => {
  const ranges: RangeSought[] = []
  if (asked.unusedSinceDays !== undefined)
    ranges.push({ column: 'used_at', before: daysAfter(now, -asked.unusedSinceDays).getTime() })
  if (asked.expiresBefore !== undefined)
    ranges.push({ column: 'expires_at', before: new Date(asked.expiresBefore).getTime() })
  if (asked.reviewBefore !== undefined)
    ranges.push({ column: 'review_at', before: new Date(asked.reviewBefore).getTime() })
  if (asked.createdAfter !== undefined || asked.createdBefore !== undefined)
    ranges.push({ column: 'created_at', from: msOf(asked.createdAfter), before: msOf(asked.createdBefore) })
  return ranges
}

const msOf = (moment: string | undefined) => (moment === undefined ? undefined : new Date(moment).getTime())

const NATURAL: Readonly<Record<RangeSought['column'], Sort>> = {
  used_at: 'lastUsedAt',
  expires_at: 'expiresAt',
  review_at: 'reviewAt',
  created_at: 'createdAt',
}

const naturalSort = (ranges: readonly RangeSought[]): Sort => {
  const first = ranges[0]
  return first === undefined ? 'name' : NATURAL[first.column]
}

const NAME = /^[a-z0-9][a-z0-9._-]*$/

const textOf = (text: string | undefined): Sought['text'] => {
  if (text === undefined) return undefined
  const prefix = text.toLowerCase()
  return { words: wordsOf(text), prefix: NAME.test(prefix) ? prefix : undefined }
}
