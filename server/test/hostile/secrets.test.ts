import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { makeReeve } from '../../../cli/test/reeve-process.ts'
import { rounds } from '../../../test/rounds.ts'
import { ACCESS_TOKEN_TYPE, TOKEN_EXCHANGE_GRANT } from '../../src/broker/domain/exchange-request.ts'
import type { Operation } from '../../src/kit/operation.ts'
import { type Admin, enrolAdmin, makePlace, type Place, type ServerProcess, startServer } from '../process.ts'
import { exportText } from './audit.ts'
import { createCanaries, foundIn } from './canaries.ts'
import { PUBLIC_ROUTES } from './public-routes.ts'
import { rawRequest, sendRaw } from './raw.ts'
import { fittingText, sampleInput, textFields } from './sample-input.ts'
import { type Answer, call, callable, callOperation, eachOf, headersOf, routesOf } from './surface.ts'
import { wholeDatabase } from './whole-database.ts'
import { makeWorld, tokenForm, type World } from './world.ts'

// U3 of the trust bars. Secrets are put wherever something can be put; then everything that is kept or shown is read.

const AT_ONCE = 16
const SECRETS_MIN = 300
// Which of the many fields: CI tries them all, on both engines.
const EVERY = { sqlite: rounds({ quick: 5, full: 1 }), postgres: rounds({ quick: 13, full: 1 }) }

type Canaries = ReturnType<typeof createCanaries>

interface Scene {
  readonly server: ServerProcess
  readonly admin: Admin
  readonly world: World
  readonly canaries: Canaries
  readonly operations: readonly Operation[]
  /** Only each of so many fields is tried. */
  readonly every: number
  /** What came back to a caller who put a secret in. */
  readonly answers: string[]
}

for (const engine of ['sqlite', 'postgres'] as const)
  test(`a secret that is put anywhere is found nowhere: not in a log, the audit log, a table, an error or the terminal [${engine}]`, async (t) => {
    const place = await makePlace(engine)
    if (place === undefined) return t.skip('no PostgreSQL here; this ran on SQLite only')
    const canaries = createCanaries()
    try {
      const { output, sinks, scene } = await playOn(place, canaries)
      const all = { ...sinks, 'stdout and stderr': output, 'answers to callers': scene.answers.join('\n') }
      const secrets = canaries.made()
      const hits = Object.entries(all).flatMap(([sink, text]) =>
        foundIn(text, secrets).map(({ shape, core }) => `${shape} in ${sink}: ${around(text, core)}`),
      )
      const sizes = Object.entries(all).map(([sink, text]) => `${sink} (${text.length} characters)`)
      t.diagnostic(`U3: ${secrets.length} secrets in ${scene.answers.length} requests; 0 in ${sizes.join(', ')}`)
      assert.deepEqual(hits, [])
      assert.ok(new Set(secrets.map(({ core }) => core)).size >= SECRETS_MIN)
    } finally {
      await place.remove()
    }
  })

/** Everything that is put in, and everything that is kept of it. */
const playOn = async (place: Place, canaries: Canaries) => {
  const kek = canaries.known('a key-encryption key', randomBytes(32).toString('base64'))
  const server = await startServer(place, {
    REEVE_LOG_LEVEL: 'trace',
    REEVE_KEK: kek,
    ...foreignSettings(canaries),
    ...databasePassword(place, canaries),
  })
  try {
    const admin = await enrolAdmin(server)
    const world = await makeWorld(server, admin)
    canaries.known('the session of the admin', admin.token)
    canaries.known('the secret of a client', world.clientSecret)
    const operations = routesOf(server).flatMap(({ operation }) => (operation === undefined ? [] : [operation]))
    const scene: Scene = { server, admin, world, canaries, operations, every: EVERY[place.engine], answers: [] }
    await intoFields(scene)
    await intoUnknownPlaces(scene)
    await intoHeaders(scene)
    await intoForms(scene)
    await intoPaths(scene)
    const terminal = await intoTerminal(scene)
    const sinks = {
      'the export of the log': await exportText(server, admin),
      metrics: (await call(`${server.url}/metrics`)).body,
      'the terminal': terminal,
    }
    await server.stop()
    return { scene, output: withoutCode(server), sinks: { ...sinks, 'all tables': await wholeDatabase(place) } }
  } finally {
    await server.stop()
  }
}

// The one secret that is meant to be seen there.
const withoutCode = (server: ServerProcess): string => server.output().replace(/--code \S+/, '')

const foreignSettings = (canaries: Canaries) => ({
  PGPASSWORD: canaries.bare(),
  AWS_SECRET_ACCESS_KEY: canaries.bare(),
  REEVE_UNHEARD_OF: canaries.bare(),
  NPM_TOKEN: canaries.shaped(),
})

/** The test server trusts everybody, so any password does. */
const databasePassword = ({ environment }: Place, canaries: Canaries): Record<string, string> => {
  if (environment.REEVE_DATABASE_URL === undefined) return {}
  const url = new URL(environment.REEVE_DATABASE_URL)
  url.password = canaries.bare()
  return { REEVE_DATABASE_URL: url.href }
}

const ask = async (scene: Scene, operation: Operation, input: unknown, headers = {}): Promise<void> => {
  const answer = await callOperation(scene.server, operation, input, { token: scene.admin.token, headers })
  note(scene, answer)
}

const note = ({ answers }: Scene, { status, body }: Answer): void => {
  assert.ok(status < 500, body)
  answers.push(body)
}

/** Every field that takes a text, with something that fits in all the others. */
const intoFields = async (scene: Scene): Promise<void> => {
  const fields = scene.operations.flatMap((operation) => textFields(operation).map((field) => ({ operation, field })))
  const asked = fields.filter((_, at) => at % scene.every === 0)
  await eachOf(asked, AT_ONCE, async ({ operation, field }) => {
    const secret = scene.canaries.shaped()
    await ask(
      scene,
      operation,
      sampleInput(operation, (name, schema) => (name === field ? secret : fittingText(schema)), false),
    )
  })
  const { team, identity } = scene.world
  const called = (name: string) => scene.operations.filter((operation) => operation.name === name)
  for (const operation of called('inventory.identity.change'))
    for (let count = 0; count < 20; count++) {
      await ask(scene, operation, { identity, purpose: `copies orders with ${scene.canaries.shaped()} at night` })
      await ask(scene, operation, { identity, tags: { application: scene.canaries.shaped() } })
      await ask(scene, operation, { identity, upstream: ['a', scene.canaries.shaped()] })
    }
  for (const operation of called('inventory.owner.quarantine'))
    await ask(scene, operation, { owner: team, dryRun: true, reason: `leaked: ${scene.canaries.shaped()}` })
}

/** Where no operation expects anything: members nobody knows, by name and value, nested, and bodies that are no JSON. */
const intoUnknownPlaces = async (scene: Scene): Promise<void> => {
  await eachOf(scene.operations, AT_ONCE, async (operation) => {
    const { canaries, server, admin } = scene
    await ask(scene, operation, { [canaries.bare()]: 1, [canaries.shaped()]: [canaries.bare()] })
    if (operation.effect === 'read') return
    await ask(scene, operation, { unheardOf: [[{ a: canaries.bare() }], Buffer.from(canaries.bare())] })
    const headers = headersOf(admin, { 'content-type': 'application/json' })
    const url = `${server.url}/v1/${operation.name}`
    for (const body of [`{"a":"${canaries.bare()}`, canaries.bare(), `{"a":"${canaries.shaped().slice(0, 60)}",}`])
      note(scene, await call(url, { method: 'POST', headers, body }))
  })
}

const HEADERS = [
  'user-agent',
  'traceparent',
  'tracestate',
  'cookie',
  'referer',
  'x-request-id',
  'x-correlation-id',
  'x-forwarded-for',
  'x-forwarded-user',
  'x-api-key',
  'x-auth-token',
  'proxy-authorization',
  'idempotency-key',
  'accept',
  'accept-language',
  'origin',
  'from',
  'via',
  'last-event-id',
  'if-none-match',
]

const intoHeaders = async (scene: Scene): Promise<void> => {
  const { canaries, server, admin } = scene
  const paths = [
    '/v1/inventory.team.list',
    '/revocations',
    '/livez',
    '/nothing-here',
    '/v1/inventory.team.list?limit=x',
  ]
  const lines = (name: string): string[] => [
    `${name}: ${canaries.bare()}`,
    `${name}: ${canaries.shaped().replaceAll('\n', ' ')}`,
    `${name}: curl/8.1 (${canaries.bare()}) ${canaries.bare()}/1.0`,
  ]
  for (const name of HEADERS)
    await eachOf(lines(name), AT_ONCE, async (line) => {
      for (const path of paths)
        await sendAs(scene, rawRequest('GET', path, { headers: [`authorization: Bearer ${admin.token}`, line] }))
      await sendAs(scene, rawRequest('POST', '/oauth/token', { headers: [FORM, line], body: 'grant_type=x' }))
    })
  const schemes = ['Bearer', 'bearer', 'Basic', 'DPoP', 'Token', '']
  await eachOf(schemes, AT_ONCE, async (scheme) => {
    for (const secret of [
      canaries.bare(),
      canaries.shaped().replaceAll('\n', ''),
      btoa(`${canaries.bare()}:${canaries.bare()}`),
    ])
      for (const path of ['/v1/inventory.team.list', '/audit/export'])
        await sendAs(scene, rawRequest('GET', path, { headers: [`authorization: ${scheme} ${secret}`] }))
  })
  // What is no HTTP at all is answered before anything of ours has seen it.
  await sendAs(scene, `GET /${canaries.bare()} HTTP/9.9\r\n${canaries.bare()}\r\n\r\n`)
  assert.ok((await call(`${server.url}/livez`)).status === 200)
}

const FORM = 'content-type: application/x-www-form-urlencoded'

const sendAs = async (scene: Scene, bytes: string): Promise<void> => {
  const answer = await sendRaw(scene.server.url, bytes)
  assert.ok((answer.statuses[0] ?? 0) < 500, answer.text)
  scene.answers.push(answer.text)
}

const PARAMETERS = ['scope', 'resource', 'instance', 'workflow_run', 'client_id', 'client_secret', 'client_assertion']
const OTHERS = [
  'token',
  'token_type_hint',
  'assertion',
  'username',
  'password',
  'refresh_token',
  'code',
  'grant_type',
  'source_ip',
  'unheard_of',
]
const OF_EXCHANGE = [
  'subject_token',
  'subject_token_type',
  'actor_token',
  'actor_token_type',
  'requested_token_type',
  'audience',
  'may_act',
]
const LABELS = ['instance', 'workflow_run', 'scope', 'resource', 'audience']

const exchangeForm = ({ world }: Scene, subject: string): URLSearchParams => {
  const form = tokenForm(world)
  form.set('grant_type', TOKEN_EXCHANGE_GRANT)
  form.set('subject_token', subject)
  form.set('subject_token_type', ACCESS_TOKEN_TYPE)
  return form
}

const intoForms = async (scene: Scene): Promise<void> => {
  const { canaries, server, world } = scene
  const own = await call(`${server.url}/oauth/token`, { method: 'POST', body: tokenForm(world) })
  const subject = canaries.known('a subject token', /"access_token":"([^"]+)"/.exec(own.body)?.[1] ?? '')
  assert.notEqual(subject, '')
  const urls = Object.keys(PUBLIC_ROUTES).filter((route) => route.startsWith('POST /oauth/'))
  await eachOf(urls, AT_ONCE, async (route) => {
    const url = server.url + route.split(' ')[1]
    const post = async (body: string | URLSearchParams, headers: Record<string, string> = {}) =>
      note(scene, await call(url, { method: 'POST', body: String(body), headers: { ...FORM_HEADER, ...headers } }))
    for (const name of [...PARAMETERS, ...OTHERS]) {
      const with_ = (value: string) => {
        const form = tokenForm(world)
        form.set(name, value)
        return form
      }
      await post(with_(canaries.shaped()))
      // The labels of instances and runs are kept as they are: a password that looks like a label cannot be told.
      if (!LABELS.includes(name)) await post(with_(canaries.bare()))
    }
    for (const name of [...PARAMETERS, ...OF_EXCHANGE]) {
      const form = exchangeForm(scene, subject)
      // A type belongs to a token that is there.
      if (name.startsWith('actor_token')) {
        form.set('actor_token', subject)
        form.set('actor_token_type', ACCESS_TOKEN_TYPE)
      }
      form.set(name, canaries.shaped())
      await post(form)
      if (LABELS.includes(name)) continue
      form.set(name, canaries.bare())
      await post(form)
    }
    await post(`${canaries.bare()}=1&${canaries.bare()}`)
    await post(`a=%zz${canaries.bare()}`)
    // Somebody who swaps the two.
    await post('grant_type=client_credentials', basic(canaries.shaped(), world.identityId))
    await post('grant_type=client_credentials', basic(canaries.bare(), world.identityId))
    await post('grant_type=client_credentials', basic(world.identityId, canaries.bare()))
    const answer = await call(`${url}?client_secret=${canaries.bare()}`, { method: 'POST' })
    note(scene, answer)
  })
  // A token that is good is one as well.
  const issued = await call(`${server.url}/oauth/token`, { method: 'POST', body: tokenForm(world, server.url) })
  const token = /"access_token":"([^"]+)"/.exec(issued.body)?.[1] ?? ''
  assert.notEqual(token, '')
  canaries.known('an access token', token)
  canaries.known('the signature of an access token', token.split('.')[2] ?? '')
  for (const operation of scene.operations.filter(({ name }) => /^broker\.token\.(quarantine|release)$/.test(name)))
    await ask(scene, operation, { token, reason: 'a test' })
  note(scene, await call(`${server.url}/v1/inventory.team.list`, { headers: headersOf({ token }, {}) }))
}

const FORM_HEADER = { 'content-type': 'application/x-www-form-urlencoded' }
const basic = (name: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(name)}:${encodeURIComponent(secret)}`).toString('base64')}`,
})

const intoPaths = async (scene: Scene): Promise<void> => {
  const { canaries, server, admin } = scene
  const secret = () => encodeURIComponent(canaries.bare())
  const urls = [...Object.keys(PUBLIC_ROUTES), 'GET /v1/inventory.team.list'].map((route) => route.split(' ')[1] ?? '')
  for (const url of urls) {
    const headers = headersOf(admin, {})
    for (const path of [`${callable(url)}/${secret()}`, `${callable(url)}?${secret()}=${secret()}&since=${secret()}`])
      note(scene, await call(server.url + path, { headers }))
  }
  for (const path of ['/docs/errors/', '/v1/', '/.well-known/openid-configuration/'])
    note(scene, await call(`${server.url}${path}${secret()}`))
}

/** The program at the terminal, given secrets where there is a place for a word. */
const intoTerminal = async ({ server, admin, canaries }: Scene): Promise<string> => {
  const { reeve, remove } = makeReeve({ REEVE_SERVER: server.url })
  const login = ['login', '--name', 'x', '--email', 'x@example.com', '--code']
  const runs = [
    reeve([...login, canaries.shaped()]),
    reeve([...login, '-'], { stdin: canaries.bare() }),
    reeve(['identity', 'show', 'x'], { environment: { REEVE_TOKEN: canaries.bare(), REEVE_SESSION_FILE: '/nowhere' } }),
    reeve(['status'], { environment: { REEVE_SERVER: `http://x:${canaries.bare()}@127.0.0.1:1` } }),
    reeve(['api', 'POST', 'x'], { stdin: canaries.bare() }),
  ]
  try {
    assert.notEqual(admin.token, '')
    return (await Promise.all(runs)).map(({ out, err }) => out + err).join('\n')
  } finally {
    remove()
  }
}

const around = (text: string, core: string): string => {
  const at = text.indexOf(core)
  return at < 0 ? '(encoded)' : JSON.stringify(text.slice(Math.max(0, at - 200), at + 60))
}
