import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { onEveryServer } from '../process.ts'
import { eventsOf, exportText } from './audit.ts'
import { PUBLIC_ROUTES } from './public-routes.ts'
import { type Answer, call, callable, callOperation, type Route, routesOf, TELL_ROUTES } from './surface.ts'

// I12 of the trust bars. The routes are the server's own list, the documented ones those of SECURITY.md.

onEveryServer(
  'what answers without a login is what SECURITY.md lists, and changes nothing',
  async ({ server, admin }, t) => {
    const routes = routesOf(server)
    const before = await seqOf(server.url)
    const open: string[] = []
    for (const route of routes) if (isOpen(await askNaked(server.url, route), route)) open.push(nameOf(route))
    const documented = listed()
    assert.deepEqual(new Set(open), documented)
    const events = eventsOf(await exportText(server, admin))
    const effects = events.filter(
      ({ actor, outcome, kind }) => actor.principalType === 'anonymous' && outcome === 'done' && !isEnrolment(kind),
    )
    assert.deepEqual(effects, [])
    assert.equal(await seqOf(server.url), before)
    for (const [method, path, right] of [
      ['POST', '/v1/inventory.identity.list?limit=1', / by GET"/],
      ['GET', '/v1/inventory.team.create', / by POST"/],
      ['GET', '/v1/nothing.here', /no such operation"/],
    ] as const) {
      const { status, body } = await call(server.url + path, { method })
      assert.ok(status === 404 && right.test(body), `${method} ${path}: ${body}`)
    }
    t.diagnostic(`I12: ${routes.length} routes, ${open.length} answer without a login, ${documented.size} documented`)
  },
  TELL_ROUTES,
)

/** A call as somebody sends it who has nothing. */
const askNaked = (url: string, { method, url: path, operation }: Route): Promise<Answer> => {
  if (operation !== undefined) return callOperation({ url }, operation, {})
  return call(url + callable(path), { method })
}

// The admin of this test came in by these two.
const isEnrolment = (kind: string): boolean => kind === 'lifecycle.person.enrol' || kind === 'lifecycle.session.create'

/** Anything but a demand to prove oneself first: the token endpoints take the proof with the request itself. */
const isOpen = ({ status, body }: Answer, { operation }: Route): boolean =>
  !(status === 401 && /\bunauthenticated\b/.test(body)) && !(operation !== undefined && status === 403)

const nameOf = (route: Route): string =>
  route.operation?.name ?? PUBLIC_ROUTES[`${route.method} ${route.url}`]?.listed ?? route.url

const seqOf = async (url: string): Promise<string> => (await call(`${url}/revocations`)).body

/** What the section of SECURITY.md names in code quotes before it says how all this is limited. */
const listed = (): ReadonlySet<string> => {
  const text = readFileSync(join(import.meta.dirname, '../../../SECURITY.md'), 'utf8')
  const section = /## What is public without a login\n([\s\S]*?)\n\n(?!`)[^`]*?One address/.exec(text)?.[1] ?? ''
  return new Set([...section.matchAll(/`(?:[A-Z]+ )?([^`]+)`/g)].map(([, name = '']) => name))
}

const LIMIT_PER_MINUTE = 20
const CALLS = 60

onEveryServer(
  'every route that is open is limited by address, or is one that probes and verifiers stand on',
  async ({ server }, t) => {
    const told: string[] = []
    for (const [route, { limitedBy }] of Object.entries(PUBLIC_ROUTES)) {
      const [method = '', url = ''] = route.split(' ')
      const statuses = new Set<number>()
      for (let at = 0; at < CALLS; at++) statuses.add((await call(server.url + callable(url), { method })).status)
      assert.equal(statuses.has(429), limitedBy !== 'floods', `${route}: ${[...statuses]}`)
      told.push(`${route} by ${limitedBy}`)
    }
    for (const [path, body] of Object.entries(GUESSES)) {
      const statuses = new Set<number>()
      for (let at = 0; at < CALLS; at++)
        statuses.add((await call(server.url + path, { method: 'POST', headers: JSON_BODY, body })).status)
      assert.ok(statuses.has(429), `${path}: ${[...statuses]}`)
    }
    const unknown = new Set<number>()
    for (let at = 0; at < CALLS; at++) unknown.add((await call(`${server.url}/nothing-here`)).status)
    assert.ok(unknown.has(429), `what is not there: ${[...unknown]}`)
    t.diagnostic(`I12: ${told.join('; ')}`)
  },
  { REEVE_RATE_LIMIT: String(LIMIT_PER_MINUTE) },
)

const JSON_BODY = { 'content-type': 'application/json' }
const GUESSES = {
  '/v1/lifecycle.person.enrol': '{"code":"reeve_ec_guess","name":"x","email":"x@example.com","key":{}}',
  '/v1/lifecycle.session.create': '{"assertion":"guess"}',
}
