import assert from 'node:assert/strict'
import type { Operation } from '../../src/kit/operation.ts'
import { type Admin, onEveryServer, type RunningServer } from '../process.ts'
import { type ExportedEvent, eventsByRequest } from './audit.ts'
import { PUBLIC_ROUTES } from './public-routes.ts'
import { fittingText, sampleInput } from './sample-input.ts'
import { type Answer, call, callOperation, eachOf, headersOf, routesOf, TELL_ROUTES } from './surface.ts'
import { makeWorld, tokenForm, type World } from './world.ts'

// U2 of the trust bars. The table is the server's own list of routes: a new route is in it, or fails the first test.

const AT_ONCE = 16

interface Made {
  readonly what: string
  readonly kind: string
  readonly answer: Answer
}

onEveryServer(
  'every call of every operation and token endpoint, good, wrong, unreadable or without proof, leaves exactly one event',
  async ({ server, admin }, t) => {
    const routes = routesOf(server)
    const operations = routes.flatMap(({ operation }) => (operation === undefined ? [] : [operation]))
    const unknown = routes.filter(
      ({ method, url, operation }) => operation === undefined && PUBLIC_ROUTES[`${method} ${url}`] === undefined,
    )
    assert.deepEqual(unknown, [], 'routes that no table knows')
    const world = await makeWorld(server, admin)
    const made: Made[] = []
    await eachOf(operations, AT_ONCE, async (operation) => {
      // Who ends the session that everything else is asked with asks nothing more.
      const isLast = operation.name === 'lifecycle.session.end'
      const token = isLast ? await admin.login(server) : admin.token
      for (const [what, ask] of Object.entries(WAYS)) {
        const answer = await ask(server, { token }, operation)
        if (answer !== undefined) made.push({ what, kind: operation.name, answer })
      }
    })
    made.push(...(await callTokenEndpoints(server, world)), ...(await callExport(server, admin)))
    made.push(...(await callAuthzen(server, admin, world)))
    const events = await eventsByRequest(server, admin)
    const wrong = made.flatMap((each) => problemsOf(each, events.get(each.answer.requestId) ?? []))
    assert.deepEqual(wrong, [])
    const covered = new Set(made.map(({ kind }) => kind))
    assert.deepEqual(
      operations.map(({ name }) => name).filter((name) => !covered.has(name)),
      [],
    )
    t.diagnostic(`U2: ${covered.size} kinds, ${made.length} calls, ${made.length} events, 0 gaps`)
  },
  TELL_ROUTES,
)

/** The ways to call one operation; each is asked of every operation that has it. */
const WAYS: Readonly<
  Record<string, (server: RunningServer, who: { token: string }, operation: Operation) => Promise<Answer | undefined>>
> = {
  'with nothing': (server, { token }, operation) => callOperation(server, operation, {}, { token }),
  'with what fits': (server, { token }, operation) =>
    callOperation(
      server,
      operation,
      sampleInput(operation, (_, schema) => fittingText(schema), true),
      { token },
    ),
  'without proof': (server, _who, operation) => callOperation(server, operation, {}),
  'with a wrong token': (server, _who, operation) => callOperation(server, operation, {}, { token: 'reeve_ps_wrong' }),
  'with a field that nobody knows': (server, { token }, operation) =>
    callOperation(server, operation, { unheardOf: 'x' }, { token }),
  'with a body that is no JSON': (server, { token }, operation) =>
    post(server, { token }, operation, '{"a":', 'application/json'),
  'with a body of another type': (server, { token }, operation) =>
    post(server, { token }, operation, 'a=b', 'application/x-www-form-urlencoded'),
  'with a body that is too large': (server, { token }, operation) =>
    post(server, { token }, operation, ' '.repeat(1_100_000), 'application/json'),
  'with a wrong idempotency key': (server, { token }, operation) =>
    callOperation(server, operation, {}, { token, headers: { 'idempotency-key': 'x'.repeat(200) } }),
}

const post = async (
  server: RunningServer,
  given: { token: string },
  operation: Operation,
  body: string,
  type: string,
): Promise<Answer | undefined> =>
  operation.effect === 'read'
    ? undefined
    : call(`${server.url}/v1/${operation.name}`, {
        method: 'POST',
        headers: headersOf(given, { 'content-type': type }),
        body,
      })

const callTokenEndpoints = async (server: RunningServer, world: World): Promise<Made[]> => {
  const made: Made[] = []
  const secret = { client_id: world.identityId, client_secret: world.clientSecret }
  const bodies = {
    'without proof': new URLSearchParams({}),
    'that are good': tokenForm(world),
    'of a token of nobody': new URLSearchParams({ ...secret, token: 'x' }),
    'of a wrong client': new URLSearchParams({ client_id: 'nhi_nobody', client_secret: world.clientSecret }),
    'for a resource of nobody': tokenForm(world, 'https://nobody.example.com'),
    'that are malformed': 'a=%zz',
    'that say it twice': 'a=1&a=2',
    'that are too large': `a=${'x'.repeat(70_000)}`,
  }
  for (const [route, { event }] of Object.entries(PUBLIC_ROUTES)) {
    const [method = '', url = ''] = route.split(' ')
    if (method !== 'POST' || event === null) continue
    for (const [what, body] of Object.entries(bodies))
      made.push({
        what: `forms ${what}`,
        kind: event,
        answer: await call(server.url + url, {
          method,
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body,
        }),
      })
    const asJson = { method, headers: { 'content-type': 'application/json' }, body: '{}' }
    made.push({ what: 'JSON', kind: event, answer: await call(server.url + url, asJson) })
    made.push({ what: 'in the URL', kind: event, answer: await call(`${server.url}${url}?a=b`, { method }) })
  }
  return made
}

/** Questions of applications: good, of things that are not there, wrong, and without proof. */
const callAuthzen = async (server: RunningServer, admin: Admin, world: World): Promise<Made[]> => {
  const made: Made[] = []
  const subject = { type: 'identity', id: world.identityId }
  const good = { subject, action: { name: 'can_read' }, resource: { type: 'resource', id: 'none' } }
  const bodies = { 'that is good': good, 'of several': { ...good, evaluations: [{}, {}] }, 'that says nothing': {} }
  for (const [route, { event }] of Object.entries(PUBLIC_ROUTES)) {
    const url = route.split(' ')[1] ?? ''
    if (event === null || !url.startsWith('/access/')) continue
    for (const [what, body] of Object.entries(bodies))
      for (const headers of [headersOf(admin, JSON_TYPE), JSON_TYPE])
        made.push({
          what: `a question ${what}`,
          kind: event,
          answer: await call(server.url + url, { method: 'POST', headers, body: JSON.stringify(body) }),
        })
  }
  return made
}

const JSON_TYPE = { 'content-type': 'application/json' }

const callExport = async (server: RunningServer, admin: Admin): Promise<Made[]> => {
  const url = `${server.url}/audit/export`
  const headers = headersOf(admin, {})
  const answers = [
    await call(url, { headers }),
    await call(url),
    await call(`${url}?fromSeq=x`, { headers }),
    await call(`${url}?fromSeq=999999`, { headers }),
  ]
  return answers.map((answer) => ({ what: 'export', kind: 'observe.event.export', answer }))
}

/** Who, what, when, where, how it ended and under which rules; or what of it is missing. */
const problemsOf = ({ what, kind, answer }: Made, events: readonly ExportedEvent[]): string[] => {
  const about = `${kind} ${what} -> ${answer.status}`
  const [event] = events
  if (event === undefined || events.length !== 1) return [`${about}: ${events.length} events`]
  return CHECKS.filter(([, isFine]) => !isFine(event, answer, kind)).map(([wrong]) => `${about}: the event ${wrong}`)
}

const isOk = ({ status }: Answer): boolean => status < 300
const outcomeOf = (answer: Answer): string => {
  if (isOk(answer)) return 'done'
  return answer.status >= 500 ? 'failed' : 'refused'
}

const CHECKS: readonly (readonly [string, (event: ExportedEvent, answer: Answer, kind: string) => boolean])[] = [
  ['is called otherwise', (event, _, kind) => event.kind === kind],
  ['says another outcome', (event, answer) => event.outcome === outcomeOf(answer)],
  // AuthZEN's errors are texts that end with the code.
  ['has another code', ({ code }, answer) => isOk(answer) || codeOf(answer) === code],
  ['is of a failure of ours', (_, answer) => answer.status < 500],
  ['does not say who', ({ actor }) => actor.principalType === 'anonymous' || actor.id !== null],
  ['is of another time', ({ at }) => Math.abs(Date.now() - Date.parse(at)) < 300_000],
  ['is from elsewhere', ({ source }) => source.ip === '127.0.0.1'],
  ['does not say on what', ({ on }, answer, kind) => !isOk(answer) || on !== null || isDecidedByProof(kind)],
  ['has no decision', (event, answer, kind) => !isOk(answer) || isDecided(event) || isDecidedByProof(kind)],
  ['has no policy revision', ({ decision }) => decision === null || decision.revision !== ''],
]

const codeOf = ({ body }: Answer): string | undefined =>
  /"code":"(\w+)"/.exec(body)?.[1] ?? /\((\w+), req_/.exec(body)?.[1]

// Decisions of applications' questions are kept in a page, each with its policies and its revision.
const isDecided = ({ decision, evidence }: ExportedEvent): boolean =>
  decision !== null || typeof evidence.decisionPage === 'string'

// RFC 7662 and RFC 7009: who may ask about a token or end it follows from the token, not from a policy.
const isDecidedByProof = (kind: string): boolean => kind === 'broker.token.introspect' || kind === 'broker.token.revoke'

onEveryServer(
  'a repeat under an idempotency key has no second effect, gets the first answer, and leaves its own event',
  async ({ server, admin }) => {
    const team = {
      name: 'twice',
      technicalContact: 'a@example.com',
      businessContact: 'a@example.com',
      businessUnit: 'x',
    }
    const ask = () =>
      call(`${server.url}/v1/inventory.team.create`, {
        method: 'POST',
        headers: headersOf(admin, { 'content-type': 'application/json', 'idempotency-key': 'once' }),
        body: JSON.stringify(team),
      })
    const answers = [await ask(), await ask(), await ask()]
    assert.deepEqual(new Set(answers.map(({ status, body }) => `${status} ${body}`)).size, 1)
    const events = await eventsByRequest(server, admin)
    const told = answers.map(({ requestId }) =>
      (events.get(requestId) ?? []).map(({ kind, outcome, evidence }) => [kind, outcome, evidence.replay ?? false]),
    )
    const kind = 'inventory.team.create'
    assert.deepEqual(told, [[[kind, 'done', false]], [[kind, 'done', true]], [[kind, 'done', true]]])
  },
)
