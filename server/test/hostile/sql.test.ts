import assert from 'node:assert/strict'
import { rounds } from '../../../test/rounds.ts'
import type { Operation } from '../../src/kit/operation.ts'
import { onEveryServer } from '../process.ts'
import { fittingText, type Schema, sampleInput, textFields } from './sample-input.ts'
import { SQL_PAYLOADS } from './sql-payloads.ts'
import { type Answer, call, callOperation, eachOf, routesOf, TELL_ROUTES } from './surface.ts'
import { makeWorld, type World } from './world.ts'

// I9 of the trust bars. The fields come from the operations' own schemas.

// Turn by turn over all fields, so that each text is tried many times either way.
const PER_FIELD = rounds({ quick: 1, full: 10, every: SQL_PAYLOADS.length })
// Which of the fields: CI tries them all, on both engines.
const EVERY = { sqlite: rounds({ quick: 2, full: 1 }), postgres: rounds({ quick: 2, full: 1 }) }
const AT_ONCE = 24

onEveryServer(
  'no text in any field of any operation reaches the database as anything but a text',
  async ({ server, admin, place }, t) => {
    const world = await makeWorld(server, admin)
    const operations = routesOf(server).flatMap(({ operation }) => (operation === undefined ? [] : [operation]))
    const asked = operations
      .flatMap((operation) =>
        textFields(operation).map((field) => ({ operation, field, isMinimal: isRequired(operation, field) })),
      )
      .filter((_, at) => at % EVERY[place.engine] === 0)
    const used = new Set<string>()
    const wrong: string[] = []
    const statuses = new Map<number, number>()
    let next = 0
    const note = (about: string, { status, body }: Answer): void => {
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      if (status >= 500) wrong.push(`${about}: ${status} ${body.slice(0, 300)}`)
    }
    await eachOf(asked, AT_ONCE, async ({ operation, field, isMinimal }) => {
      for (let count = 0; count < PER_FIELD; count++) {
        // One after the other over all fields, so that each text is tried in many.
        const payload = SQL_PAYLOADS[next++ % SQL_PAYLOADS.length] ?? ''
        used.add(payload)
        const input = sampleInput(operation, textWith(world, field, payload), isMinimal)
        const ask = () => callOperation(server, operation, input, admin)
        const first = await ask()
        // Of so many at once one may be overtaken by the others' changes, and told to come back: it does, and what was wrong
        // with its text would be so again.
        note(`${operation.name} ${field} ${JSON.stringify(payload)}`, first.status === 503 ? await ask() : first)
      }
    })
    for (const payload of SQL_PAYLOADS)
      for (const form of formsOf(world, server.url, payload))
        note(`form ${form}`, await call(`${server.url}/oauth/token`, { method: 'POST', body: form }))
    for (const payload of SQL_PAYLOADS)
      note(`assertion of ${JSON.stringify(payload)}`, await logIn(server.url, payload))
    assert.deepEqual(wrong, [])
    assert.equal(used.size, new Set(SQL_PAYLOADS).size)
    // What was there is there, and the log still verifies to its end.
    const client = admin.client(server)
    assert.equal((await client.inventory.identity.show({ identity: world.identityId })).name, world.identity)
    const told = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`)
    t.diagnostic(
      `I9: ${used.size} texts, ${asked.length} fields of ${operations.length} operations; ${told.join(', ')}`,
    )
  },
  TELL_ROUTES,
)

/** Fields that exist name what exists, so that the one that is tried is what decides. */
const textWith =
  (world: World, tried: string, payload: string) =>
  (field: string, schema: Schema): string => {
    if (field === tried) return payload
    const name = field.split('.').at(-1) ?? ''
    const known: Readonly<Record<string, string>> = {
      identity: world.identity,
      team: world.team,
      owner: world.team,
      resource: world.resource,
      grant: world.grant,
      credential: world.credential,
    }
    // Of the optional ones, approvals, cursors and parents that do not exist would decide first.
    return known[name] ?? fittingText(schema)
  }

/** A field that must be there is tried alone with the others that must. */
const isRequired = (operation: Operation, field: string): boolean => {
  const seen = new Set<string>()
  sampleInput(
    operation,
    (name, schema) => {
      seen.add(name)
      return fittingText(schema)
    },
    true,
  )
  return seen.has(field)
}

/** Requests for tokens that come as far as looking for the client: everything but who it is is as it should be. */
const formsOf = (world: World, audience: string, payload: string): URLSearchParams[] => {
  const rest = { grant_type: 'client_credentials', resource: payload }
  return [
    new URLSearchParams({ ...rest, client_id: payload, client_secret: world.clientSecret }),
    new URLSearchParams({ ...rest, client_id: world.identityId, client_secret: world.clientSecret, scope: payload }),
    new URLSearchParams({
      ...rest,
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: unsigned(audience, payload),
    }),
  ]
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

const logIn = (url: string, payload: string): Promise<Answer> =>
  call(`${url}/v1/lifecycle.session.create`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ assertion: unsigned(url, payload).slice(0, 4_000) }),
  })

/** An assertion of whomever the text names, with a signature of nobody. */
const unsigned = (audience: string, payload: string): string => {
  const now = Math.floor(Date.now() / 1000)
  const claims = { iss: payload, sub: payload, jti: payload, aud: audience, iat: now, exp: now + 60 }
  return [{ alg: 'ES256', kid: payload }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .concat(Buffer.alloc(64).toString('base64url'))
    .join('.')
}

onEveryServer(
  'a cursor that the server did not make for this list is refused',
  async ({ server, admin }, t) => {
    await makeWorld(server, admin)
    const lists = routesOf(server).flatMap(({ operation }) =>
      operation !== undefined && textFields(operation).includes('cursor') ? [operation] : [],
    )
    const client = admin.client(server)
    const made = (await client.observe.event.search({ limit: 1 })).nextCursor ?? ''
    const forged = forgeries(made)
    const wrong: string[] = []
    for (const operation of lists)
      await eachOf(forged, 8, async (cursor) => {
        const { status, body } = await callOperation(server, operation, { limit: 1, cursor }, admin)
        if (status !== 400 || !/bad_cursor|invalid_input|secret_in_text/.test(body))
          wrong.push(`${operation.name} ${cursor}: ${status} ${body.slice(0, 200)}`)
      })
    const own = await callOperation(server, mustFind(lists, 'observe.event.search'), { limit: 1, cursor: made }, admin)
    assert.equal(own.status, 200, own.body)
    assert.deepEqual(wrong, [])
    t.diagnostic(`I9: ${forged.length} forged cursors x ${lists.length} lists, all refused`)
  },
  TELL_ROUTES,
)

const mustFind = (operations: readonly Operation[], name: string): Operation => {
  const found = operations.find((operation) => operation.name === name)
  assert.ok(found !== undefined)
  return found
}

/** Cursors made by somebody who has seen one: other bodies, other seals, other spellings. */
const forgeries = (made: string): readonly string[] => {
  const [body = '', seal = ''] = made.split('.')
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const bodies = [[0], [-1], [1e308], ["' or 1=1--"], ['\u0000'], [], [null], {}, 'x', [[1]], [2 ** 53]].map(encode)
  const flipped = [...made].map((char, at) => made.slice(0, at) + (char === 'A' ? 'B' : 'A') + made.slice(at + 1))
  return [
    ...bodies.map((other) => `${other}.${seal}`),
    ...bodies,
    ...bodies.map((other) => `${other}.`),
    ...flipped.filter((text) => decoded(text) !== decoded(made)),
    body,
    `${body}.`,
    `.${seal}`,
    '.',
    '..',
    `${body}.${seal}.${seal}`,
    `${body}.${seal.slice(0, -2)}`,
    `${seal}.${body}`,
    '0',
    "' or 1=1--",
    'x'.repeat(2_000),
    '\u0000',
  ].filter((text) => text !== made)
}

// The last character of base64url has bits that mean nothing.
const decoded = (text: string): string =>
  text
    .split('.')
    .map((part) => Buffer.from(part, 'base64url').toString('hex'))
    .join('.')
