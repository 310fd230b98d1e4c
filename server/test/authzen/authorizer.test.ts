import assert from 'node:assert/strict'
import { createTokenSource, type Fetch } from '@reeve/sdk'
import { type Authorizer, type AuthorizerOptions, createAuthorizer, type Question } from '@reeve/sdk/authorizer'
import { ReeveError } from '@reeve/sdk/client'
import fc from 'fast-check'
import { createFakeClock } from '../../../sdk/test/fake-clock.ts'
import { settle, until } from '../../../sdk/test/until.ts'
import { rounds } from '../../../test/rounds.ts'
import { type Admin, enrol, onEveryServer, type RunningServer } from '../process.ts'
import { identityInput, setUpWorkload } from '../workload.ts'
import { applyRecords, createPep, ownToken } from './pep.ts'

// The SDK's authorizer on the real server: the same answers, and no answer by what is not the issuer's word of now.

interface Holder {
  readonly id: string
  readonly secret: string
}

interface Cast {
  readonly server: RunningServer
  readonly admin: Admin
  /** The identity that the application lists, and one that serves nothing. */
  readonly app: Holder
  readonly stranger: Holder
  putOnTrial(policy: string): Promise<void>
  changeSet(input: SetChange): Promise<void>
  make(given?: Partial<AuthorizerOptions>, holder?: Holder): Authorizer
}

interface SetChange {
  readonly put?: { readonly name: string; readonly file: string; readonly text: string }[]
  readonly remove?: string[]
}

const cases: { name: string; body: (cast: Cast) => Promise<void> }[] = []
const withCast = (name: string, body: (cast: Cast) => Promise<void>): void => void cases.push({ name, body })

const alice = { type: 'user', id: 'alice' }
const record1 = { type: 'record', id: 'record-1' }
const fixture: Question = { subject: alice, action: { name: 'read' }, resource: record1 }

/** The server as this authorizer reaches it: what it answers to a path may be replaced, or be nothing. */
const createWire = () => {
  const replaced = new Map<string, (text: string) => string>()
  const asked: string[] = []
  let isDown = false
  const wire: Fetch = async (url, init) => {
    const { pathname } = new URL(url)
    asked.push(pathname)
    if (isDown) throw new TypeError('unreachable')
    const response = await fetch(url, init)
    const replace = replaced.get(pathname)
    return replace === undefined ? response : new Response(replace(await response.text()))
  }
  return {
    wire,
    asked,
    replace: (path: string, by: (text: string) => string) => void replaced.set(path, by),
    asIs: (path: string) => void replaced.delete(path),
    cut: () => {
      isDown = true
    },
  }
}

const RULEBOOK = '/access/v1/rulebook'

/** Ready: the rulebook is here, and so is the view of what is stopped. */
const settled = async (authorizer: Authorizer): Promise<Authorizer> => {
  await authorizer.refresh()
  await until(() => !authorizer.status().isStale)
  return authorizer
}

const CONDITIONS = [
  '',
  'when { principal has role && principal.role == "admin" }',
  'when { resource has status && resource.status == "archived" }',
  'unless { resource has status && resource.status == "active" }',
  'when { context has request && context.request has soft && context.request.soft }',
  'when { context has weekday && context.weekday != "noday" && context.now > datetime("2020-01-01") }',
  'when { 9007199254740991 * 9007199254740991 == 1 }',
]
const PolicyText = fc
  .record({
    effect: fc.constantFrom('permit', 'permit', 'forbid'),
    mark: fc.constantFrom(
      '',
      '@obligation("mask:name") ',
      '@guardrail ',
      '@stepup("urn:acr:mfa") @stepup_max_age("300") ',
    ),
    principal: fc.constantFrom('principal is records::user', 'principal == records::user::"alice"'),
    action: fc.constantFrom('read', 'write', 'delete').map((name) => `action == records::Action::"${name}"`),
    group: fc.constantFrom('', 'action in Reeve::Action::"access:write"'),
    resource: fc.constantFrom('resource is records::record', 'resource == records::record::"record-2"'),
    condition: fc.constantFrom(...CONDITIONS),
  })
  .map(({ effect, mark, principal, action, group, resource, condition }) => {
    // A permit for a whole group of actions would need an approval.
    const does = effect === 'permit' ? action : group || action
    return `${mark}${effect} (${principal}, ${does}, ${resource}) ${condition};`
  })

const KNOWN: readonly Question[] = ['alice', 'bob'].flatMap((subject) =>
  ['read', 'write', 'delete'].flatMap((name) =>
    ['record-1', 'record-2'].flatMap((resource) =>
      [{}, { soft: true }, { soft: false, now: '1970-01-01', weekday: 'noday' }].flatMap((context) =>
        [{}, { role: 'admin' }].map((properties) => ({
          subject: { type: 'user', id: subject, properties },
          action: { name, properties: {} },
          resource: { type: 'record', id: resource, properties: { status: 'archived' } },
          context,
        })),
      ),
    ),
  ),
)
const QUESTIONS: readonly Question[] = [
  ...KNOWN,
  { ...fixture, subject: { type: 'user', id: 'nobody' } },
  { ...fixture, subject: { type: 'identity', id: 'records-app' } },
  { ...fixture, action: { name: 'burn' } },
  { ...fixture, resource: { type: 'record', id: 'record-3' } },
]

const SETS = rounds({ quick: 8, full: 20 })

withCast(
  'every generated question is answered as the server answers it',
  async ({ server, app, make, putOnTrial, changeSet }) => {
    const pep = createPep(server.url, await ownToken(server, app))
    const drawn = fc.sample(fc.array(PolicyText, { minLength: 2, maxLength: 8 }), { numRuns: SETS, seed: 14 })
    // From the middle on, the first of each is on trial.
    const trialAt = drawn.length / 2
    const tried = 'forbid (principal is records::user, action in Reeve::Action::"access:write", resource);'
    const sets = drawn.map((texts, at) => (at < trialAt ? texts : [tried, ...texts.slice(1)]))
    let [here, there, allowed, reported] = [0, 0, 0, 0]
    for (const [at, texts] of sets.entries()) {
      const text = texts.map((each, place) => `@id("generated-${place}") ${each}`).join('\n')
      await changeSet({ put: [{ name: 'generated', file: 'policies/generated.cedar', text }] })
      if (at === trialAt) await putOnTrial('generated-0')
      const authorizer = await settled(make())
      const { body } = await pep.ask('evaluations', { evaluations: QUESTIONS })
      for (const [place, question] of QUESTIONS.entries()) {
        const { decision, context } = body.evaluations[place]
        const answer = await authorizer.authorize(question)
        assert.deepEqual(
          [answer.isAllowed, answer.isReportOnly, answer.obligations],
          [decision, context.report_only === true, context.obligations ?? []],
          `${text}\n${JSON.stringify(question)}\n${answer.by}`,
        )
        if (answer.by === 'rulebook') here += 1
        else there += 1
        if (answer.isAllowed) allowed += 1
        if (answer.isReportOnly) reported += 1
      }
      authorizer.close()
    }
    await changeSet({ remove: ['generated'] })
    // The set must not be empty of what it is to show.
    assert.ok(
      here > SETS * 50 && there > SETS * 15 && allowed > SETS * 15 && reported > SETS / 2,
      JSON.stringify({ here, there, allowed, reported }),
    )
  },
)

withCast('the rulebook tells nothing of policies that are about other things', async ({ server, app, changeSet }) => {
  const text = `@id("elsewhere") forbid (principal is Reeve::Identity, action, resource is Reeve::Resource) when { false };
@id("anything") @obligation("log") forbid (principal, action, resource) when { false };`
  await changeSet({ put: [{ name: 'other', file: 'policies/other.cedar', text }] })
  const pep = createPep(server.url, await ownToken(server, app))
  const { body } = await pep.ask('rulebook', { application: 'records' })
  const [, payload = ''] = String(body.rulebook).split('.')
  const told = Buffer.from(payload, 'base64url').toString()
  assert.match(told, /"anything"/)
  assert.doesNotMatch(told, /elsewhere|Reeve::Resource/)
  await changeSet({ remove: ['other'] })
})

withCast('a number that JSON would round is decided by the server alone', async ({ make, changeSet }) => {
  const text =
    '@id("large") permit (principal is records::user, action == records::Action::"read", resource is records::record) when { 9007199254740993 == 1 };'
  await changeSet({ put: [{ name: 'large', file: 'policies/large.cedar', text }] })
  const authorizer = await settled(make())
  assert.deepEqual(
    [(await authorizer.authorize(fixture)).by, (await authorizer.authorize(fixture)).isAllowed],
    ['issuer', true],
  )
  await changeSet({ remove: ['large'] })
  authorizer.close()
})

withCast('who may not ask about an application gets no rulebook, in the words of what is not there', async (cast) => {
  const { server, stranger, admin, make } = cast
  const pep = createPep(server.url, await ownToken(server, stranger))
  const plain = async (application: string) => {
    const { status, body } = await pep.ask('rulebook', { application })
    return [status, String(body).replace(/\(.*/s, '').replaceAll(application, '')]
  }
  assert.deepEqual(await plain('records'), await plain('nothing'))
  assert.equal((await plain('records'))[0], 404)
  assert.equal((await createPep(server.url, undefined).ask('rulebook', { application: 'records' })).status, 401)
  assert.equal((await createPep(server.url, admin.token).ask('rulebook', { application: 'records' })).status, 404)
  const authorizer = make({}, stranger)
  await assert.rejects(authorizer.refresh(), { name: 'IssuerRefused' })
  authorizer.close()
})

withCast(
  'a rulebook that was tampered with, or is of another type, key, holder or issuer, is not taken',
  async (cast) => {
    const { server, app, stranger, make } = cast
    const token = await ownToken(server, app)
    const { body } = await createPep(server.url, token).ask('rulebook', { application: 'records' })
    const [head = '', payload = '', signature = ''] = String(body.rulebook).split('.')
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
    const header = JSON.parse(Buffer.from(head, 'base64url').toString())
    const signed: unknown = await (await fetch(`${server.url}/.well-known/authzen-configuration`)).json()
    const forged: readonly (readonly [string, string])[] = [
      ['policies', `${head}.${part({ ...claims, policies: [] })}.${signature}`],
      ['end', `${head}.${part({ ...claims, exp: claims.exp + 1 })}.${signature}`],
      ['no algorithm', `${part({ ...header, alg: 'none' })}.${payload}.`],
      ['another algorithm', `${part({ ...header, alg: 'HS256' })}.${payload}.${signature}`],
      ['another key', `${part({ ...header, kid: 'other' })}.${payload}.${signature}`],
      ['a token', token],
      ['another document', String(Object(signed).signed_metadata)],
      ['nothing', ''],
    ]
    for (const [what, rulebook] of forged) {
      const { wire, replace } = createWire()
      replace(RULEBOOK, () => JSON.stringify({ rulebook }))
      const authorizer = make({ fetch: wire })
      await assert.rejects(authorizer.refresh(), what)
      assert.equal(authorizer.status().revision, null, what)
      assert.equal((await authorizer.authorize(fixture)).by, 'issuer', what)
      authorizer.close()
    }
    // Rightly signed, for somebody or something else.
    const { wire, replace } = createWire()
    replace(RULEBOOK, () => JSON.stringify(body))
    for (const given of [{ identity: stranger.id }, { application: 'others' }]) {
      const authorizer = make({ fetch: wire, ...given })
      await assert.rejects(authorizer.refresh(), { name: 'RulebookRefused' })
      authorizer.close()
    }
    const right = make({ fetch: wire })
    await right.refresh()
    right.close()
  },
)

withCast(
  'a rulebook that was replaced is not taken again, and the same one handed in again grows old',
  async (cast) => {
    const { make, changeSet } = cast
    const { wire, replace, asIs } = createWire()
    let old = ''
    replace(RULEBOOK, (text) => {
      old = text
      return text
    })
    const clock = createFakeClock(Date.now())
    const authorizer = make({ fetch: wire, clock })
    await authorizer.refresh()
    replace(RULEBOOK, () => old)
    clock.advance(1_000)
    await authorizer.refresh()
    assert.ok((authorizer.status().rulebookAgeSeconds ?? 0) >= 1)
    asIs(RULEBOOK)
    const text = '@id("stop-all") forbid (principal is records::user, action, resource);'
    await changeSet({ put: [{ name: 'stop', file: 'policies/stop.cedar', text }] })
    await authorizer.refresh()
    replace(RULEBOOK, () => old)
    await assert.rejects(authorizer.refresh(), /older than one that was taken/)
    await changeSet({ remove: ['stop'] })
    authorizer.close()
  },
)

withCast('what is too old is asked of the issuer, and refused when it cannot be reached', async ({ make }) => {
  const { wire, replace, cut, asked } = createWire()
  const clock = createFakeClock(Date.now())
  const strict = await settled(make({ fetch: wire, clock }))
  const loose = await settled(make({ fetch: wire, clock, mode: 'bestEffort' }))
  const by = async (authorizer: Authorizer) => {
    const { isAllowed, by: who, code } = await authorizer.authorize(fixture)
    return [isAllowed, who, code]
  }
  assert.deepEqual(await by(strict), [true, 'rulebook', null])
  assert.ok(!asked.includes('/access/v1/evaluation'))
  replace(RULEBOOK, () => '{}')
  clock.advance(31_000)
  assert.deepEqual(await by(strict), [true, 'issuer', null])
  cut()
  assert.deepEqual(await by(strict), [false, 'nobody', 'view_stale'])
  assert.deepEqual(await by(loose), [true, 'rulebook', null])
  // No mode goes on past the end that the issuer set.
  clock.advance(3_600_000)
  assert.deepEqual(await by(loose), [false, 'nobody', 'view_stale'])
  strict.close()
  loose.close()
  assert.deepEqual(await by(strict), [false, 'nobody', 'closed'])
})

withCast(
  'the quarantine of the identity that asks stops its authorizer at once',
  async ({ server, admin, app, make }) => {
    // Without the issuer's answers, so that only the feed can tell.
    const { wire, replace } = createWire()
    const authorizer = await settled(make({ fetch: wire }))
    replace(RULEBOOK, () => '{}')
    replace('/access/v1/evaluation', () => '{}')
    assert.equal((await authorizer.authorize(fixture)).by, 'rulebook')
    await admin.client(server).inventory.identity.quarantine({ identity: app.id, reason: 'a test' })
    let code: string | null = null
    const startedAt = performance.now()
    while (code !== 'stopped' && performance.now() - startedAt < 120_000) {
      await settle(1)
      code = (await authorizer.authorize(fixture)).code
    }
    assert.equal(code, 'stopped', JSON.stringify(authorizer.status()))
    authorizer.close()
  },
)

onEveryServer('an authorizer on the real server', async ({ server, admin }, t) => {
  const { inventory, broker, lifecycle, policy } = admin.client(server)
  const { team } = await setUpWorkload(server, admin)
  const holderOf = async (name: string): Promise<Holder> => {
    const { id } = await inventory.identity.create({ ...identityInput(name, team), environment: 'production' })
    const { secret } = await broker.credential.add({ identity: id, kind: 'client-secret' })
    return { id, secret: secret ?? '' }
  }
  const [app, stranger] = [await holderOf('records-app'), await holderOf('stranger')]
  await applyRecords(server, admin, (input) => {
    input.applications[0].askedBy = ['records-app']
    return input
  })
  const invited = await lifecycle.person.invite({ roles: [{ role: 'approver', team: null }] })
  const approver = await enrol(server, invited.code, 'security')
  // To end or reword a forbid takes an approval; to add one takes none.
  const changeSet: Cast['changeSet'] = async (change) => {
    const input = { ...change }
    const { approval } = lifecycle
    const asked = await approval
      .request({ operation: 'policy.set.change', input, reason: 'a test' })
      .catch((error: unknown) => {
        if (error instanceof ReeveError && error.code === 'approval_not_needed') return undefined
        throw error
      })
    if (asked !== undefined) await approver.client(server).lifecycle.approval.approve({ approval: asked.id })
    await policy.set.change({ ...input, ...(asked === undefined ? {} : { approval: asked.id }) })
  }
  const putOnTrial: Cast['putOnTrial'] = async (target) => {
    const input = { kind: 'policy' as const, target, reason: 'a test' }
    const asked = await lifecycle.approval.request({ operation: 'policy.mode.change', input, reason: 'a test' })
    await approver.client(server).lifecycle.approval.approve({ approval: asked.id })
    await policy.mode.change({ ...input, approval: asked.id })
  }
  const make: Cast['make'] = (given = {}, holder = app) => {
    const as = createTokenSource({
      issuer: server.url,
      clientId: holder.id,
      auth: { clientSecret: holder.secret },
      audience: server.url,
      feed: false,
    })
    return createAuthorizer({ issuer: server.url, application: 'records', identity: holder.id, as, ...given })
  }
  const cast = { server, admin, app, stranger, make, putOnTrial, changeSet }
  for (const { name, body } of cases) await t.test(name, () => body(cast))
})
