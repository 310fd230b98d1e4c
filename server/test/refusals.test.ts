import assert from 'node:assert/strict'
import { everyOperation } from '../src/catalogue.ts'
import { type ExportedEvent, eventsByRequest } from './hostile/audit.ts'
import { fittingText, sampleInput } from './hostile/sample-input.ts'
import { type Answer, call, callOperation, eachOf, headersOf } from './hostile/surface.ts'
import { makeWorld, tokenForm, type World } from './hostile/world.ts'
import { type Admin, enrol, onEveryServer, type RunningServer } from './process.ts'

// Whoever is refused can ask why: the cases are the server's own operations, and its other edges one by one.

const AT_ONCE = 8

interface Refused {
  readonly edge: 'API' | 'AuthZEN' | 'OAuth' | 'export'
  readonly what: string
  readonly answer: Answer
}

onEveryServer(
  'every refusal that was decided carries the id of its decision, on every edge, but where something is hidden',
  async ({ server, admin }, t) => {
    const world = await makeWorld(server, admin)
    await makeApart(server, admin)
    await forbidToAsk(server, admin, world)
    const { code } = await admin.client(server).lifecycle.person.invite({ roles: [{ role: 'viewer', team: null }] })
    const tokens = {
      viewer: (await enrol(server, code, 'viewer')).token,
      identity: await ownToken(server, world),
    }
    const made: Refused[] = []
    for (const [who, token] of Object.entries(tokens)) {
      await eachOf(everyOperation(), AT_ONCE, async (operation) => {
        // Ends the session that everything else is asked with.
        if (operation.name === 'lifecycle.session.end') return
        for (const isMinimal of [true, false]) {
          const input = sampleInput(operation, (_, schema) => fittingText(schema), isMinimal)
          const answer = await callOperation(server, operation, input, { token })
          made.push({ edge: 'API', what: `${who} ${operation.name}`, answer })
        }
      })
      made.push(...(await askAuthzen(server, who, token)))
      const exported = await call(`${server.url}/audit/export`, { headers: headersOf({ token }, {}) })
      made.push({ edge: 'export', what: who, answer: exported })
    }
    made.push(...(await askTokens(server, world)))
    const events = await eventsByRequest(server, admin)
    const told = new Map<string, string[]>()
    const wrong = made.flatMap(({ edge, what, answer }) => {
      const id = refusedBy(events.get(answer.requestId) ?? [])
      if (id === undefined) return []
      const isHidden = answer.status === 404
      // To whom something is hidden it is as if it did not exist, and no decision speaks of it.
      if (answer.body.includes(id) === isHidden) return [`${edge} ${what}: ${answer.status} ${answer.body}`]
      if (!isHidden) told.set(edge, [...(told.get(edge) ?? []), id])
      return []
    })
    assert.deepEqual(wrong, [])
    assert.deepEqual([...told.keys()].sort(), ['API', 'AuthZEN', 'OAuth', 'export'])
    // What is told can be asked about.
    for (const [edge, [id = '']] of told) {
      const shown = await admin.client(server).policy.decision.show({ decision: id })
      assert.deepEqual([shown.id, shown.outcome], [id, 'deny'], edge)
    }
    const counts = [...told].map(([edge, ids]) => `${edge} ${ids.length}`)
    t.diagnostic(`${made.length} calls; refused with the id of the decision: ${counts.join(', ')}`)
  },
)

const refusedBy = (events: readonly ExportedEvent[]): string | undefined => {
  const [event] = events
  return event?.outcome === 'refused' && event.decision?.outcome === 'deny' ? event.decision.id : undefined
}

/** A resource that environments keep the identity from, and one that nobody is granted. */
const makeApart = async (server: RunningServer, admin: Admin): Promise<void> => {
  for (const environment of ['test', 'staging'])
    await admin.client(server).policy.resource.create({
      name: `apart-${environment}`,
      uri: `https://apart-${environment}.example.com`,
      environment,
      sensitivity: 'internal',
      actions: [{ name: `apart.${environment}`, effect: 'read' }],
    })
}

/** Everybody may ask the server to decide, unless a policy says otherwise. */
const forbidToAsk = async (server: RunningServer, admin: Admin, { identityId }: World): Promise<void> => {
  const actions = ['evaluate', 'search'].map((verb) => `Reeve::Action::"policy.decision.${verb}"`)
  const text = `@id("asks-nothing")\nforbid (principal == Reeve::Identity::"${identityId}", action in [${actions.join(', ')}], resource);`
  await admin.client(server).policy.set.change({ put: [{ name: 'asks-nothing', file: 'asks-nothing.cedar', text }] })
}

const ownToken = async (server: RunningServer, world: World): Promise<string> => {
  const metadata: unknown = await (await fetch(`${server.url}/.well-known/oauth-authorization-server`)).json()
  const answer = await postForm(server, tokenForm(world, String(Reflect.get(Object(metadata), 'issuer'))))
  return String(Reflect.get(Object(JSON.parse(answer.body)), 'access_token'))
}

const postForm = (server: RunningServer, form: URLSearchParams): Promise<Answer> =>
  call(`${server.url}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form,
  })

const askTokens = async (server: RunningServer, world: World): Promise<Refused[]> => {
  const form = (resource: string, scope?: string) => {
    const made = tokenForm(world, resource)
    if (scope !== undefined) made.set('scope', scope)
    return made
  }
  const forms = {
    'nothing is granted': form('https://apart-test.example.com'),
    'of another environment': form('https://apart-staging.example.com'),
    'an action that is not granted': form('https://apart-test.example.com', 'apart.test'),
    'an action that is unknown': form(world.audience, 'orders.burn'),
  }
  const made: Refused[] = []
  for (const [what, body] of Object.entries(forms)) {
    const answer = await postForm(server, body)
    assert.match(answer.body, /"decision_id":"dec_/, what)
    made.push({ edge: 'OAuth', what, answer })
  }
  return made
}

/** May it ask at all, and what it is answered: an answer that denies is a refusal too, in the middle of a 200. */
const askAuthzen = async (server: RunningServer, who: string, token: string): Promise<Refused[]> => {
  const question = {
    subject: { type: 'identity', id: 'orders-sync' },
    action: { name: 'orders.burn' },
    resource: { type: 'resource', id: 'orders-api' },
  }
  const made: Refused[] = []
  for (const path of ['evaluation', 'evaluations', 'rulebook', 'search/subject', 'search/resource', 'search/action']) {
    const body = path === 'evaluations' ? { evaluations: [question, question] } : question
    const answer = await call(`${server.url}/access/v1/${path}`, {
      method: 'POST',
      headers: headersOf({ token }, { 'content-type': 'application/json' }),
      body: JSON.stringify(body),
    })
    made.push({ edge: 'AuthZEN', what: `${who} ${path}`, answer })
    const denied = answer.body.match(/"decision":false,"context":\{[^}]*/g) ?? []
    for (const one of denied) assert.match(one, /"id":"dec_/, `${who} ${path}: ${answer.body}`)
    if (path.startsWith('evaluation') && answer.status === 200) assert.ok(denied.length > 0, answer.body)
  }
  return made
}
