import assert from 'node:assert/strict'
import type { Question } from '../src/policy/index.ts'
import { declaredBot, declaredResource, openPlugged, type People, type Plugged, peopleOf } from './plugged.ts'
import { onEveryEngine, type Room } from './room.ts'

const record = (id: string, status: string) => ({ id, attributes: { status } })
const RECORDS = {
  name: 'records',
  environment: 'production',
  subjects: [{ type: 'user', entities: [{ id: 'alice' }, { id: 'bob' }] }],
  resources: [
    {
      type: 'record',
      attributes: { status: 'string' },
      actions: [
        { name: 'read', effect: 'read' },
        { name: 'list', effect: 'read' },
      ],
      entities: [record('one', 'active'), record('two', 'active'), record('three', 'archived')],
    },
  ],
}
const text = (cedar: string) => [{ name: 'records', file: 'policies/records.cedar', text: cedar }]
const READ = `@id("readers")
permit (principal, action == records::Action::"read", resource is records::record) when { resource has status && resource.status == "active" };`
const LIST = `@id("listers")
permit (principal == records::user::"bob", action == records::Action::"list", resource is records::record);
@id("tagged")
permit (principal is Reeve::Identity, action == records::Action::"list", resource is records::record)
when { principal.hasTag("lister") };`
const bot = (tags: object) =>
  declaredBot('asker', { tags: { business_unit: 'shop', application: 'orders', ticket: 'ORD-1', ...tags } })
const GRANT = { identity: 'asker', resource: 'orders', actions: ['orders.read'], expiresAt: '30d' }
const BEFORE = {
  directory: 'shop',
  identities: [bot({ lister: 'yes' })],
  resources: [declaredResource('orders')],
  grants: [GRANT],
  applications: [RECORDS],
  policies: text(`${READ}\n${LIST}`),
}

const SUBJECTS = [
  { type: 'user', id: 'alice' },
  { type: 'user', id: 'bob' },
  { type: 'identity', id: 'asker' },
]
const QUESTIONS: readonly Question[] = [
  ...SUBJECTS.flatMap((subject) =>
    ['one', 'two', 'three', 'nowhere'].flatMap((id) =>
      ['read', 'list'].map((action) => question(subject, action, { type: 'record', id })),
    ),
  ),
  question({ type: 'identity', id: 'asker' }, 'orders.read', { type: 'resource', id: 'orders' }),
]

function question(subject: { type: string; id: string }, action: string, resource: { type: string; id: string }) {
  const properties = {}
  return {
    subject: { ...subject, properties },
    action: { name: action, properties },
    resource: { ...resource, properties },
    context: {},
  }
}

type Setting = Plugged & People

const open = async (room: Room): Promise<Setting> => {
  const plugged = await openPlugged(room)
  const people = await peopleOf(room, plugged)
  await plugged.call('policy.access.apply', BEFORE, people.admin)
  return { ...plugged, ...people }
}

const answers = async ({ rooms, admin }: Setting): Promise<readonly { id: string; isAllowed: boolean }[]> =>
  (await rooms.evaluator.evaluate({ caller: admin, askedAs: null }, QUESTIONS, 'execute_all')).map(({ decided }) => ({
    id: decided?.id ?? '',
    isAllowed: decided?.answered.isAllowed === true,
  }))

const replayed = async ({ call, admin }: Setting, plan: string) => {
  const sums: {
    decisions: number
    flips: { decision: string; planned: { isAllowed: boolean } }[]
    unreplayed: Record<string, number>
  } = { decisions: 0, flips: [], unreplayed: {} }
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await call('policy.access.replay', { plan, limit: 20, ...(cursor ? { cursor } : {}) }, admin)
    sums.decisions += page.decisions
    sums.flips.push(...page.flips)
    for (const [why, count] of Object.entries(page.unreplayed))
      sums.unreplayed[why] = (sums.unreplayed[why] ?? 0) + Number(count)
    cursor = page.nextCursor
  }
  return sums
}

/** What a change is, and how many of the questions it turns. */
const CHANGES: Readonly<Record<string, readonly [object, number]>> = {
  'a policy of an application': [{ policies: text(READ) }, 6],
  'what the directory says of a thing': [
    {
      applications: [
        {
          ...RECORDS,
          resources: [
            {
              ...RECORDS.resources[0],
              entities: [record('one', 'archived'), record('two', 'active'), record('three', 'archived')],
            },
          ],
        },
      ],
    },
    3,
  ],
  'a thing that it no longer has': [
    {
      applications: [
        {
          ...RECORDS,
          resources: [{ ...RECORDS.resources[0], entities: [record('two', 'active'), record('three', 'archived')] }],
        },
      ],
    },
    5,
  ],
  'a tag of the identity that asks': [{ identities: [bot({})] }, 3],
  'a grant, for a question about a registered resource': [{ grants: [] }, 1],
}

for (const [what, [change, count]] of Object.entries(CHANGES))
  onEveryEngine(
    `questions of applications are replayed, and flip as they are answered afterwards: ${what}`,
    async (room) => {
      const setting = await open(room)
      const before = await answers(setting)
      const { plan } = await setting.call('policy.access.plan', { ...BEFORE, ...change }, setting.admin)
      const { decisions, flips, unreplayed } = await replayed(setting, plan)
      assert.ok(decisions >= QUESTIONS.length)
      // What was not there when it was asked about was decided on nothing, and cannot be decided again.
      assert.equal(unreplayed.unknownThen, 6, JSON.stringify(unreplayed))
      await setting.call('policy.access.apply', { plan }, setting.admin)
      const after = await answers(setting)
      const turned = new Map(flips.map((flip) => [flip.decision, flip.planned.isAllowed]))
      for (const [at, { id, isAllowed }] of before.entries())
        assert.deepEqual(
          turned.get(id),
          isAllowed === after[at]?.isAllowed ? undefined : after[at]?.isAllowed,
          JSON.stringify(QUESTIONS[at]),
        )
      assert.equal(turned.size, count)
    },
  )

onEveryEngine('a page of decisions that is no longer kept is counted, decision by decision', async (room) => {
  const setting = await open(room)
  await answers(setting)
  const { plan } = await setting.call('policy.access.plan', { ...BEFORE, policies: text(READ) }, setting.admin)
  const kept = await replayed(setting, plan)
  await room.database.write((tx) => tx.deleteFrom('ledger_kept').where('body', 'like', '{"version":2,%').execute())
  const gone = await replayed(setting, plan)
  assert.ok(gone.decisions >= kept.decisions)
  assert.equal(gone.unreplayed.forgotten, QUESTIONS.length)
  assert.equal(gone.flips.length, 0)
})
