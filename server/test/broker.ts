import { generateKeyPairSync, type KeyObject, type X509Certificate } from 'node:crypto'
import type { TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { SignJWT } from 'jose'
import { Histogram } from 'prom-client'
import { type Broker, createBroker } from '../src/broker/index.ts'
import { type ClientCertificates, createClientCertificates } from '../src/edge/http/client-certificates.ts'
import { createDoor } from '../src/edge/http/door.ts'
import { createFailureLimit } from '../src/edge/http/failure-limit.ts'
import { mountFeed } from '../src/edge/http/feed.ts'
import { atPort, listenAt } from '../src/edge/http/listeners.ts'
import { mountMetadata } from '../src/edge/http/metadata.ts'
import { mountOAuth } from '../src/edge/http/oauth.ts'
import { openOAuth } from '../src/edge/http/oauth-lean.ts'
import { createOverload } from '../src/edge/http/overload.ts'
import type { Pace } from '../src/edge/http/pace.ts'
import { createHttp } from '../src/edge/http/server.ts'
import { mountStatusLists } from '../src/edge/http/status-lists.ts'
import type { TlsFiles } from '../src/edge/http/tls-files.ts'
import { mustBeReleasable } from '../src/inventory/index.ts'
import { createOutbound } from '../src/kit/fetch.ts'
import { createLog } from '../src/kit/log.ts'
import type { Caller } from '../src/kit/operation.ts'
import { usesCountedUntil } from '../src/observe/index.ts'
import { TIERS } from '../src/settings.ts'
import { type FakeApprovals, fakeApprovals } from './fakes/approvals.ts'
import { type FakeDecisions, fakeDecisions } from './fakes/decisions.ts'
import { type FakeExceptions, fakeExceptions } from './fakes/exceptions.ts'
import { type FakeFindings, fakeFindings } from './fakes/findings.ts'
import { type FakeSubjects, fakeSubjects } from './fakes/subjects.ts'
import { adminCaller, onEveryEngine, type Room } from './room.ts'

/** A broker on a real database behind real sockets, with fakes for what other rooms tell it. */
export interface TestBroker {
  readonly room: Room
  readonly broker: Broker
  readonly http: FastifyInstance
  /** The issuer, which is where the server answers. */
  readonly url: string
  /** Where those who show certificates ask, when that is apart. */
  readonly mtlsUrl: string | undefined
  readonly subjects: FakeSubjects
  readonly decisions: FakeDecisions
  readonly findings: FakeFindings
  readonly exceptions: FakeExceptions
  readonly approvals: FakeApprovals
  /** Whether there have been two people who decide. */
  readonly fourEyes: { isBegun: boolean }
  /** How many requests were answered at the door, without the framework. */
  atTheDoor(): Promise<number>
  /** Calls an operation of the broker by its name. */
  call(name: string, input: unknown, caller?: Caller): Promise<Answer>
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many operations
export type Answer = any

/** Registers the test once on each engine that is here. */
export const onEveryBroker = (
  name: string,
  body: (test: TestBroker, t: TestContext) => Promise<void>,
  given: OpenGiven = {},
): void =>
  onEveryEngine(name, async (room, t) => {
    const opened = await openBroker(room, makeFakes(), given)
    try {
      await body(opened, t)
    } finally {
      await opened.http.close()
    }
  })

const log = createLog('silent')

interface OpenGiven {
  readonly failuresPerMinute?: number
  readonly issuer?: string
  /** The server ends TLS with these. */
  readonly tls?: TlsFiles
  /** Certificates are asked for at another listener. */
  readonly asksApart?: boolean
  readonly certificates?: ClientCertificates
  /** The CAs of clients, where no file names them. */
  readonly clientCas?: () => readonly X509Certificate[]
  readonly stsUrl?: (region: string) => string
  /** How many are let in at once, in place of what follows from the load. */
  readonly pace?: Pace
}

/** Opens a broker; another replica of the same database is given the first one's fakes and issuer. */
export const openBroker = async (
  room: Room,
  shared: Partial<ReturnType<typeof makeFakes>> = {},
  given: OpenGiven = {},
): Promise<TestBroker> => {
  const { subjects, decisions, findings, exceptions, approvals, fourEyes } = { ...makeFakes(), ...shared }
  const { failuresPerMinute = 1_000_000, tls, asksApart = false } = given
  const certificates = given.certificates ?? (tls === undefined ? undefined : createClientCertificates([]))
  const { random, clock } = room
  let url = ''
  let mtlsUrl: string | undefined
  const issuer = () => given.issuer ?? url
  const door = createDoor(clock, log, createOverload(clock, given.pace))
  const http = createHttp({ issuer, trustedProxies: [], certificates, tls, asksApart, random, clock, log, door })
  const broker = createBroker({
    ports: {
      verifiers: { reachedBy: async (_db, identity) => decisions.serversOf(identity) },
      receivers: {
        toldOf: async (_db, about) =>
          new Set(decisions.serversOf('identity' in about ? about.identity : null).map(({ id }) => id)),
      },
      cursors: room.cursors,
      sealer: room.sealer,
      random,
      subjects,
      decisions,
      tiers: TIERS,
      issuer,
      exceptions: exceptions.port,
      findings: findings.port,
      uses: { countedUntil: usesCountedUntil },
      mustBeReleasable,
      approvals,
      isFourEyes: async () => fourEyes.isBegun,
    },
    database: room.database,
    changes: room.changes,
    hot: room.hot,
    clientCas: given.clientCas ?? (() => tls?.clientCas() ?? []),
    mtlsUrl: () => mtlsUrl,
    replica: random.id('srv'),
    outbound: createOutbound({ privateNetworks: ['127.0.0.0/8'] }),
    stsUrl: given.stsUrl,
    clock,
    log,
  })
  const oauth = { broker, log, failures: createFailureLimit(failuresPerMinute, clock.monotonicMs), issuer }
  mountOAuth(http, oauth)
  const requestSeconds = new Histogram({
    ...{ name: 'request_seconds', help: 'how long requests took', registers: [] },
    labelNames: ['method', 'route', 'status'] as const,
  })
  const lean = { clock, random, metrics: { requestSeconds }, mayServe: () => true }
  openOAuth(door, { ...oauth, ...lean, regions: http.regions, certificates: http.certificates })
  const taken = certificates === undefined ? undefined : { areVouchedFor: tls !== undefined }
  mountMetadata(http, {
    issuer,
    mtlsUrl: () => mtlsUrl,
    jwks: broker.jwks,
    jwksVersion: broker.jwksVersion,
    detailTypes: broker.detailTypes,
    jwksSecondsMax: 300,
    certificates: taken,
  })
  mountFeed(http, broker.feed)
  mountStatusLists(http, broker.statusLists)
  http.addHook('onClose', () => broker.stop())
  url = await http.listen({ host: '127.0.0.1', port: 0 })
  if (tls !== undefined) url = url.replace('http:', 'https:')
  if (http.mtls !== undefined)
    mtlsUrl = atPort(url, await listenAt(http.mtls, { host: '127.0.0.1', port: 0, backlog: 511 }))
  await broker.start()
  const call = (name: string, input: unknown, caller: Caller = adminCaller): Promise<Answer> => {
    const operation = broker.operations.find((known) => known.name === name)
    if (operation === undefined) throw new Error(`no operation ${name}`)
    return room.call(operation, input, caller)
  }
  const atTheDoor = async () => {
    const { values } = await requestSeconds.get()
    return values.reduce((sum, { metricName, value }) => (metricName?.endsWith('_count') ? sum + value : sum), 0)
  }
  return {
    room,
    broker,
    http,
    url,
    mtlsUrl,
    subjects,
    decisions,
    findings,
    exceptions,
    approvals,
    fourEyes,
    atTheDoor,
    call,
  }
}

/** One set of fakes, for one or several replicas. */
export const makeFakes = () => ({
  subjects: fakeSubjects(),
  decisions: fakeDecisions(),
  findings: fakeFindings(),
  exceptions: fakeExceptions(),
  approvals: fakeApprovals(),
  fourEyes: { isBegun: false },
})

/** The API that test tokens are for. */
export const ORDERS = 'https://orders.example.com'

/** Registers the resource and an identity with a grant on it. */
export const setUpOrders = (test: TestBroker, id = 'nhi_sync'): void => {
  test.decisions.addResource(ORDERS, { servedBy: ['nhi_orders_api'] })
  test.subjects.put(id)
  test.subjects.put('nhi_orders_api', { kind: 'service' })
  test.decisions.grant(id, ORDERS, ['orders.read'])
}

/** Adds a client secret and returns it with the id of its credential. */
export const addSecret = async (test: TestBroker, identity = 'nhi_sync'): Promise<{ id: string; secret: string }> => {
  const { credential, secret } = await test.call('broker.credential.add', { identity, kind: 'client-secret' })
  return { id: credential.id, secret }
}

/** Makes a key pair and registers its public part. */
export const addKey = async (
  test: TestBroker,
  identity = 'nhi_sync',
): Promise<{ id: string; privateKey: KeyObject }> => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = publicKey.export({ format: 'jwk' })
  const { credential } = await test.call('broker.credential.add', { identity, kind: 'public-key', publicKey: jwk })
  return { id: credential.id, privateKey }
}

/** Signs a client assertion with these claims over the usual ones; undefined leaves one out. */
export const signAssertion = (
  test: TestBroker,
  privateKey: KeyObject,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> => {
  const now = Math.floor(test.room.clock.now().getTime() / 1000)
  const usual = {
    iss: 'nhi_sync',
    sub: 'nhi_sync',
    aud: test.url,
    iat: now,
    exp: now + 60,
    jti: test.room.random.id('jti'),
  }
  const whole = Object.fromEntries(Object.entries({ ...usual, ...claims }).filter(([, value]) => value !== undefined))
  return new SignJWT(whole).setProtectedHeader({ alg: 'ES256', ...header }).sign(privateKey)
}

/** The parameters that prove a client with an assertion. */
export const assertionForm = (assertion: string) => ({
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: assertion,
})

/** Posts a form; gives the status, the headers and the JSON. */
export const post = async (
  test: Pick<TestBroker, 'url'>,
  path: string,
  form: Record<string, string> | string,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; body: Answer }> => {
  const response = await fetch(test.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) }
}

/** Asks for a token with client_secret_post. */
export const postSecret = (test: TestBroker, secret: string, form: Record<string, string> = {}) =>
  post(test, '/oauth/token', {
    grant_type: 'client_credentials',
    client_id: 'nhi_sync',
    client_secret: secret,
    resource: ORDERS,
    ...form,
  })
