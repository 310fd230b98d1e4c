import assert from 'node:assert/strict'
import { rounds } from '../../../../test/rounds.ts'
import { openPolicy, type PolicyBench } from '../../../test/fakes/policy.ts'
import { fakeAppliers } from '../../../test/fakes/policy-appliers.ts'
import { type RecordedToken, recordTokens } from '../../../test/recorded-tokens.ts'
import { onEveryEngine, type Room } from '../../../test/room.ts'
import { createTokenDecider, type TokenQuestion } from '../decide/decide-token.ts'
import { judgeRecorded } from '../decide/judge-recorded.ts'
import { readKept } from '../decide/recorded-request.ts'

const resource = (name: string) => ({
  name,
  uri: `https://${name}.example/`,
  environment: 'production',
  sensitivity: 'internal',
  actions: [
    { name: `${name}.read`, effect: 'read' },
    { name: `${name}.write`, effect: 'write' },
    { name: `${name}.purge`, effect: 'privileged' },
  ],
})
const RESOURCES = ['orders', 'stock', 'mail'].map(resource)
const IDENTITIES = Array.from({ length: 12 }, (_, at) => `bot-${at}`)
const grant = (identity: string, on: string, conditions: object = {}) => ({
  identity,
  resource: on,
  actions: [`${on}.read`],
  conditions,
  expiresAt: '30d',
})
const BEFORE = {
  directory: 'shop',
  resources: RESOURCES,
  grants: IDENTITIES.flatMap((name) => [grant(name, 'orders'), grant(name, 'stock')]),
  policies: [
    {
      name: 'shop',
      file: 'policies/shop.cedar',
      text: `@id("tagged-write")
permit (principal, action == Reeve::Action::"orders.write", resource) when { principal.hasTag("writer") };
@id("office-hours")
forbid (principal, action in Reeve::Action::"access:write", resource)
when { context.now.toTime() < duration("8h") };`,
    },
  ],
}
// One grant narrowed, one taken away, one given; a permit that reaches more and a forbid that looks at the caller's place.
const AFTER = {
  ...BEFORE,
  grants: [
    ...BEFORE.grants
      .filter(({ identity, resource: on }) => !(identity === 'bot-1' && on === 'stock'))
      .map((one) =>
        one.identity === 'bot-2' && one.resource === 'orders'
          ? grant('bot-2', 'orders', { sourceNetworks: ['10.1.0.0/16'] })
          : one,
      ),
    grant('bot-3', 'mail'),
  ],
  policies: [
    {
      name: 'shop',
      file: 'policies/shop.cedar',
      text: `@id("tagged-write")
permit (principal, action == Reeve::Action::"orders.write", resource)
when { principal.hasTag("writer") || ["bot-4", "bot-5", "bot-7", "bot-8"].contains(principal.name) };
@id("office-hours")
forbid (principal, action in Reeve::Action::"access:write", resource)
when { context.now.toTime() < duration("9h") };
@id("not-from-there")
forbid (principal, action, resource == Reeve::Resource::"stock")
when { context has sourceIp && context.sourceIp.isInRange(ip("10.2.0.0/16")) };`.replace(
        'resource == Reeve::Resource::"stock"',
        'resource in Reeve::Resource::"stock"',
      ),
    },
  ],
}

const open = async (room: Room): Promise<PolicyBench> => {
  const policy = await openPolicy(room, { appliers: fakeAppliers })
  for (const [at, name] of IDENTITIES.entries())
    policy.identities.put({ id: `nhi_${name}`, name, tags: at % 3 === 0 ? { writer: 'yes' } : {} })
  const parsed = policy.operation('policy.access.apply').input.parse(BEFORE)
  const approval = policy.approvals.give('apr_before', 'policy.access.apply', parsed)
  await policy.call('policy.access.apply', { ...BEFORE, approval })
  return policy
}

const questions = (policy: PolicyBench, now: Date, count: number): TokenQuestion[] =>
  Array.from({ length: count }, (_, at) => {
    const name = ['orders', 'stock', 'mail'][at % 3] ?? 'orders'
    const actions = [[`${name}.read`], [`${name}.write`], [`${name}.read`, `${name}.write`], []][(at >> 2) % 4] ?? []
    return {
      subject: {
        id: `nhi_${IDENTITIES[(at * 7 + (at >> 4)) % IDENTITIES.length]}`,
        environment: 'production',
        workflow: null,
      },
      resource: { id: policy.memory.resource(name)?.id ?? '' },
      actions,
      credential: { kind: 'private_key_jwt' },
      instance: null,
      sourceIp: `10.${at % 3}.0.${at % 5}`,
      now: new Date(now.getTime() - (count - at) * 60_000),
    }
  })

interface Page {
  total: number | null
  decisions: number
  decided: number
  flips: {
    decision: string
    live: { isAllowed: boolean; actions: string[] }
    planned: { isAllowed: boolean; actions: string[] }
    because: { policy: string; change: string; place: string | null }[]
    identity: { name: string }
  }[]
  unreplayed: Record<string, number>
  nextCursor: string | null
}

const pages = async (policy: PolicyBench, plan: string, limit: number): Promise<Page[]> => {
  const found: Page[] = []
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page: Page = await policy.call('policy.access.replay', { plan, limit, ...(cursor ? { cursor } : {}) })
    found.push(page)
    cursor = page.nextCursor
  }
  return found
}

const judge = (policy: PolicyBench, { question, verdict }: RecordedToken): string => {
  const request = readKept(verdict.kept[0]?.body ?? '')
  assert.ok(request !== undefined)
  const { isAllowed, actions, outcome } = judgeRecorded(policy.memory, request, question.now)
  return JSON.stringify([isAllowed, outcome, actions])
}

const REQUESTS = { sqlite: rounds({ quick: 3_000, full: 10_000 }), postgres: rounds({ quick: 1_000, full: 2_000 }) }

onEveryEngine(
  'what a plan says of recorded requests is what applying it does: all that flip, and no other',
  async (room) => {
    const policy = await open(room)
    const asked = questions(policy, room.clock.now(), REQUESTS[room.engine])
    // Recorded now, each about its own moment: an event is dated when it is written.
    const recorded: RecordedToken[] = []
    const start = room.clock.now().getTime()
    for (let at = 0; at < asked.length; at += 500) {
      room.clock.advance((asked[at]?.now.getTime() ?? start) - room.clock.now().getTime())
      const some = asked.slice(at, at + 500).map((question) => ({ ...question, now: room.clock.now() }))
      recorded.push(...(await recordTokens(room, policy.memory, some)))
    }
    room.clock.advance(start - room.clock.now().getTime())
    const before = recorded.map((one) => judge(policy, one))
    const { plan } = await policy.call('policy.access.plan', AFTER)
    const read = await pages(policy, plan, 3_000)
    assert.ok((read[0]?.total ?? 0) >= recorded.length)
    const flips = new Map(read.flatMap((page) => page.flips.map((flip) => [flip.decision, flip])))
    const asPlanned = policy.operation('policy.access.apply').input.parse({ plan })
    const approval = policy.approvals.give('apr_1', 'policy.access.apply', asPlanned)
    await policy.call('policy.access.apply', { plan, approval })
    const decide = createTokenDecider(policy.memory, room.random)
    let flipped = 0
    for (const [at, one] of recorded.entries()) {
      const { id } = one.verdict.decision
      const after = judge(policy, one)
      const flip = flips.get(id)
      assert.equal(flip !== undefined, after !== before[at], `${id} ${before[at]} ${after}`)
      await policy.memory.warm(one.question.subject.id)
      const real = decide(one.question)
      assert.equal(
        after,
        JSON.stringify([real.isAllowed, real.decision.outcome, real.actions]),
        'a live request is judged alike',
      )
      if (flip === undefined) continue
      flipped++
      assert.equal(
        JSON.stringify([flip.planned.isAllowed, flip.planned.actions]),
        JSON.stringify([real.isAllowed, real.actions]),
      )
      assert.ok(flip.because.length > 0, `${id} says why`)
    }
    assert.equal(flipped, flips.size)
    assert.ok(flipped > recorded.length / 50 && flipped < recorded.length / 2, `${flipped} flipped`)
    const names = new Set(
      [...flips.values()].flatMap(({ because }) => because.map(({ policy: id }) => id.replace(/^grt_.*/, 'grant'))),
    )
    assert.deepEqual([...names].sort(), ['grant', 'not-from-there', 'office-hours', 'tagged-write'])
  },
)

onEveryEngine(
  'only what a change speaks of is decided again, and what cannot be replayed is counted with its reason',
  async (room) => {
    const policy = await open(room)
    const recorded = await recordTokens(room, policy.memory, questions(policy, room.clock.now(), 120))
    const digests = [...new Set(recorded.slice(0, 10).map(({ verdict }) => verdict.decision.request ?? ''))]
    await room.database.write((tx) => tx.deleteFrom('ledger_kept').where('digest', 'in', digests.slice(0, 2)).execute())
    await room.database.write((tx) =>
      tx
        .updateTable('ledger_kept')
        .set({ body: '{' })
        .where('digest', '=', digests[2] ?? '')
        .execute(),
    )
    const grants = BEFORE.grants.filter(({ identity, resource: on }) => !(identity === 'bot-1' && on === 'stock'))
    const { plan } = await policy.call('policy.access.plan', { ...BEFORE, grants })
    const [page] = await pages(policy, plan, 10_000)
    assert.ok(page !== undefined)
    assert.ok(page.decided > 0 && page.decided < 20, `${page.decided} decided again`)
    assert.ok(
      (page.unreplayed.forgotten ?? 0) >= 2 && (page.unreplayed.unreadable ?? 0) >= 1,
      JSON.stringify(page.unreplayed),
    )
    assert.ok(page.flips.length > 0)
    for (const { identity, because } of page.flips) {
      assert.equal(identity.name, 'bot-1')
      assert.deepEqual(
        because.map(({ change }) => change),
        ['removed'],
      )
    }
  },
)
