import type { X509Certificate } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { ShownSender } from './broker/index.ts'
import { everyFault } from './catalogue.ts'
import { type Config, placedSecret, WrongSetting } from './config.ts'
import { mountAuditExport } from './edge/http/audit.ts'
import { createAuthenticate } from './edge/http/authenticate.ts'
import { mountAuthzen } from './edge/http/authzen.ts'
import { openAuthzen } from './edge/http/authzen-lean.ts'
import { mountAuthzenMetadata } from './edge/http/authzen-metadata.ts'
import { createClientCertificates } from './edge/http/client-certificates.ts'
import { createDoor, type Door } from './edge/http/door.ts'
import { createFailureLimit } from './edge/http/failure-limit.ts'
import { mountFeed } from './edge/http/feed.ts'
import { mountHealth, type ServerState } from './edge/http/health.ts'
import { atPort, listenAt } from './edge/http/listeners.ts'
import { createLogins, mountLoginPage } from './edge/http/logins.ts'
import { mountMetadata } from './edge/http/metadata.ts'
import {
  countEntries,
  countEvents,
  createMetrics,
  type Metrics,
  measureDecisions,
  measureIdentities,
  measureKeys,
  measureLag,
  measureOverload,
  measureShadow,
  mountMetrics,
} from './edge/http/metrics.ts'
import { mountOAuth } from './edge/http/oauth.ts'
import { openOAuth } from './edge/http/oauth-lean.ts'
import { limitPublic } from './edge/http/public-limit.ts'
import { mountReference } from './edge/http/reference.ts'
import { NO_REGIONS, openRegions, type Regions } from './edge/http/regions.ts'
import { mountOperations } from './edge/http/routes.ts'
import { createHttp } from './edge/http/server.ts'
import { mountSharedSignals } from './edge/http/shared-signals.ts'
import { mountSharedSignalsMetadata } from './edge/http/shared-signals-metadata.ts'
import { mountStatusLists } from './edge/http/status-lists.ts'
import { openTlsFiles, type TlsFiles } from './edge/http/tls-files.ts'
import { type Foundation, openFoundation, type Sealed, type Surroundings } from './foundation.ts'
import { coreFault } from './kit/fault.ts'
import { createOutbound } from './kit/fetch.ts'
import { startJobs } from './kit/job.ts'
import { createLimiter } from './kit/limiter.ts'
import type { Log } from './kit/log.ts'
import { createStartPause } from './kit/start-pause.ts'
import { firstAdminCode, pollLogin } from './lifecycle/index.ts'
import { plugRooms, type Rooms } from './rooms.ts'
import { VERSION } from './version.ts'

/** The running server. */
export interface App {
  /** Where it listens, once started. */
  url(): string
  start(): Promise<void>
  /** Says that it is not ready, takes requests for `graceSeconds` more, finishes what has begun, and closes everything. */
  stop(graceSeconds: number): Promise<void>
}

/** The server of these settings: opened, wired, not yet listening. */
export const createApp = async (config: Config, given: Surroundings): Promise<App> => {
  const { random, clock, log } = given
  let listening = ''
  let mtlsUrl = config.mtlsUrl
  const issuer = (): string => config.issuer ?? listening
  const metrics = createMetrics(VERSION)
  const door = createDoor(clock, log)
  const regions = regionsOf(config.geoDatabase, { clock, log })
  const { trustedProxies } = config
  const tls = tlsOf(config, { clock, log })
  const certificates = takesCertificates(config) ? createClientCertificates(config.clientCertProxies) : undefined
  const asksApart = config.mtlsPort !== undefined
  const http = createHttp({ issuer, trustedProxies, regions, certificates, tls, asksApart, random, clock, log, door })
  const starts = createStartPause(join(config.dataFolder, 'starts'), given)
  const foundation = await openFoundation(config, given, starts)
  const life = isSealed(foundation)
    ? sealedLife(http, foundation, { metrics, log })
    : openLife(http, foundation, {
        ...{ config, given, issuer, mtlsUrl: () => mtlsUrl, metrics, door },
        clientCas: () => tls?.clientCas() ?? [],
      })
  mountMetrics(http, metrics)
  return {
    url: () => listening,
    start: async () => {
      const address = await listen(http, config)
      listening = config.tls === undefined ? address : address.replace(/^http:/, 'https:')
      const port = await listenApart(http, config)
      if (port !== undefined) mtlsUrl ??= atPort(issuer(), port)
      await life.start()
      starts.ready()
      log.info({ url: listening, issuer: issuer(), mtlsUrl, version: VERSION }, 'listening')
    },
    stop: async (graceSeconds) => {
      life.drain()
      await turnAway(http, door, graceSeconds)
      await closeWithin(http, config.drainSeconds)
      await life.stop()
    },
  }
}

const listen = async (http: FastifyInstance, { host, port }: Config): Promise<string> => {
  try {
    return await http.listen({ host, port, backlog: BACKLOG })
  } catch (error) {
    throw cannotListen('REEVE_PORT', { host, port }, error)
  }
}

/** Listens for those who show certificates, where they have a port of their own. */
const listenApart = async (http: FastifyInstance, { host, mtlsPort: port }: Config): Promise<number | undefined> => {
  if (http.mtls === undefined || port === undefined) return undefined
  try {
    return await listenAt(http.mtls, { host, port, backlog: BACKLOG })
  } catch (error) {
    await http.close()
    throw cannotListen('REEVE_MTLS_PORT', { host, port }, error)
  }
}

const cannotListen = (setting: string, { host, port }: Pick<Config, 'host' | 'port'>, error: unknown): WrongSetting => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  const why = code === 'EADDRINUSE' ? 'something else listens there' : code
  return new WrongSetting(`settings REEVE_HOST and ${setting}: cannot listen at ${host}, port ${port}: ${why}`)
}

const regionsOf = (file: string | undefined, given: Pick<Surroundings, 'clock' | 'log'>): Regions => {
  if (file === undefined) return NO_REGIONS
  try {
    return openRegions(file, given)
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown'
    throw new WrongSetting(`setting REEVE_GEO_DATABASE: this is no MaxMind DB file that can be read (${why})`)
  }
}

const takesCertificates = ({ tls, mtlsPort, clientCertProxies }: Config): boolean =>
  tls?.asksClients === true || mtlsPort !== undefined || clientCertProxies.length > 0

const tlsOf = (
  { tls: server, clientCas }: Config,
  given: Pick<Surroundings, 'clock' | 'log'>,
): TlsFiles | undefined => {
  if (server === undefined && clientCas === undefined) return undefined
  try {
    return openTlsFiles({ server, clientCas }, given)
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown'
    throw new WrongSetting(
      `settings REEVE_TLS_CERT_FILE, REEVE_TLS_KEY_FILE, REEVE_TLS_CLIENT_CA_FILE: these files cannot be used (${why})`,
    )
  }
}

/** Serves on for a while, each answer on its last connection, so that nobody is cut who did not know. */
const turnAway = async (http: FastifyInstance, door: Door, seconds: number): Promise<void> => {
  door.shut()
  const lastOnes = (_request: IncomingMessage, response: ServerResponse): void => {
    if (!response.headersSent) response.setHeader('connection', 'close')
  }
  for (const server of [http.server, http.mtls]) server?.prependListener('request', lastOnes)
  await wait(seconds * 1000)
}

/** Waits for what has begun, and no longer than told: then the connections are cut. */
const closeWithin = async (http: FastifyInstance, seconds: number): Promise<void> => {
  const cut = setTimeout(() => http.server.closeAllConnections(), seconds * 1000)
  // A connection that ended its request only after the server began to close would be kept for the next one.
  const sweep = setInterval(() => http.server.closeIdleConnections(), IDLE_SWEEP_MS)
  try {
    await http.close()
  } finally {
    clearTimeout(cut)
    clearInterval(sweep)
  }
}

const IDLE_SWEEP_MS = 50

// Who connects while the loop is busy waits here; beyond it, the caller's system tries again only after a second.
const BACKLOG = 4096

// A key is published for longer than this before it signs, so that no verifier meets a key that it cannot have seen.
const JWKS_SECONDS_MAX = 300
// What tells of the server, and what verifiers need in order to go on refusing.
const OPEN_ALWAYS = [
  ...['/healthz', '/readyz', '/livez', '/metrics', '/docs/errors/'],
  ...['/.well-known/', '/revocations', '/status-lists/'],
]
// Of the documents that probes and verifiers stand on an address may have so many times its limit of other calls.
const FLOOD = 100

const NO_INSTANCE = { instance: null, token: null, workflow: null }

interface Life {
  start(): Promise<void>
  /** From now on the server says that it is not ready. */
  drain(): void
  stop(): Promise<void>
}

const isSealed = (foundation: Foundation | Sealed): foundation is Sealed => 'isSealed' in foundation

/** Without its key the server serves its status and nothing else: it must be seen, and must not guess. */
const sealedLife = (http: FastifyInstance, sealed: Sealed, { metrics, log }: { metrics: Metrics; log: Log }): Life => {
  metrics.isSealed.set(1)
  // Whoever calls is to come back: an address that is not there would be a refusal, which programs believe.
  http.addHook('onRequest', async ({ routeOptions: { url } }) => {
    if (url === undefined) throw coreFault('sealed', { retryAfterSeconds: SEALED_RETRY_SECONDS })
  })
  mountHealth(http, { state: () => ({ status: 'sealed', detail: `sealed: ${sealed.why}` }) })
  const start = async () => log.error({ why: sealed.why }, 'sealed: only the status is served')
  return { start, drain: () => undefined, stop: () => sealed.close() }
}

const SEALED_RETRY_SECONDS = 10

const openLife = (
  http: FastifyInstance,
  foundation: Foundation,
  parts: {
    config: Config
    given: Surroundings
    issuer: () => string
    mtlsUrl: () => string | undefined
    metrics: Metrics
    door: Door
    clientCas: () => readonly X509Certificate[]
  },
): Life => {
  const { config, given, issuer, mtlsUrl, metrics } = parts
  const { clock, random, log } = given
  const rooms = plugRooms(foundation, {
    ...{ clock, random, log, issuer, mtlsUrl, clientCas: parts.clientCas },
    outbound: createOutbound({ privateNetworks: config.outboundPrivateNetworks }),
    awsStsUrl: config.awsStsUrl,
    placedSecret: (place) => placedSecret(config.connectorSecrets, place),
    reports: config.reports,
    deciding: {
      evaluator: config.policyEngine,
      shadowEvery: config.policyShadowEvery,
      knowsRegions: config.geoDatabase !== undefined,
    },
  })
  let whyNotReady: string | undefined = 'starting'
  let stopJobs: (() => Promise<void>) | undefined
  foundation.sequencer.onAdvance((size) => countEntries(metrics, size))
  foundation.onCommitted((drafts) => countEvents(metrics, drafts))
  measureOverload(metrics, parts.door.counts)
  measureLag(metrics, () => foundation.changes.lagSeconds())
  measureShadow(metrics, () => rooms.shadowCounts())
  measureDecisions(metrics, rooms.memory.durations)
  measureIdentities(metrics, rooms.identityCounts)
  measureKeys(metrics, rooms.broker.keyEnds)
  mountHealth(http, { state: () => stateOf(whyNotReady, foundation.sequencer.rolledBack() !== undefined) })
  // Fail closed: on a log that somebody set back, no record can be believed, so nothing that makes one is begun.
  http.addHook('onRequest', async (request) => {
    const isOpen = OPEN_ALWAYS.some((path) => request.url.startsWith(path))
    if (!isOpen && foundation.sequencer.rolledBack() !== undefined) throw coreFault('log_rolled_back')
  })
  const callsMax = config.rateLimitPerMinute
  limitPublic(http, { calls: createLimiter(clock, callsMax), floods: createLimiter(clock, FLOOD * callsMax) })
  mountRooms(http, foundation, rooms, parts)
  return {
    start: async () => {
      await foundation.sequencer.start()
      await rooms.start()
      await foundation.changes.start()
      stopJobs = startJobs(rooms.jobs, { database: foundation.database, clock, log, holder: foundation.replica })
      whyNotReady = undefined
      await greet(foundation, given, issuer())
    },
    drain: () => {
      whyNotReady = 'stopping'
    },
    stop: async () => {
      await stopJobs?.()
      await rooms.stop()
      await foundation.close()
    },
  }

  function mountRooms(server: FastifyInstance, base: Foundation, plugged: Rooms, _: typeof parts): void {
    const { broker, pipeline, operations, sessions } = plugged
    const accessToken = async (token: string, _now?: Date, shown?: ShownSender) => {
      const caller = await broker.gate.authenticate(token, shown)
      // Calls are judged from memory, which has to hold whoever calls.
      if (caller.actor.id !== null) await plugged.memory.warm(caller.actor.id)
      return caller
    }
    const anonymous = createLimiter(clock, config.rateLimitPerMinute)
    const authenticate = createAuthenticate({
      proofs: {
        session: async (token, now) => ({
          ...NO_INSTANCE,
          ...(await sessions.authenticate(base.database.reader, token, now)),
        }),
        accessToken,
        sender: broker.proveSender,
      },
      addresses: () => {
        const apart = mtlsUrl()
        return apart === undefined ? [issuer()] : [issuer(), apart]
      },
      now: () => clock.now(),
      applied: base.changes.applied,
      failures: createFailureLimit(config.rateLimitPerMinute, clock.monotonicMs),
      anonymous,
    })
    mountMetadata(server, {
      ...{
        ...{ issuer, mtlsUrl },
        jwks: () => broker.jwks(),
        jwksVersion: () => broker.jwksVersion(),
        detailTypes: () => broker.detailTypes(),
        jwksSecondsMax: JWKS_SECONDS_MAX,
        hasLogins: true,
      },
      certificates: takesCertificates(config) ? { areVouchedFor: config.clientCas !== undefined } : undefined,
    })
    const mayServe = () => base.sequencer.rolledBack() === undefined
    const failures = createFailureLimit(config.rateLimitPerMinute, clock.monotonicMs)
    const { regions, certificates } = server
    const logins = createLogins({
      ...{ operations, pipeline, anonymous, now: clock.now },
      poll: (deviceCode, now) => pollLogin(base.database, deviceCode, now),
    })
    mountOAuth(server, { broker, logins, log, issuer, failures })
    mountLoginPage(server, issuer)
    openOAuth(parts.door, {
      ...{ broker, logins, log, issuer, failures },
      ...{ clock, random, metrics, regions, certificates, mayServe },
    })
    mountAuthzenMetadata(server, { issuer, clock, signDocument: broker.signDocument })
    mountAuthzen(server, {
      ...{ evaluator: plugged.evaluator, authenticate, log },
      ...{ issuer, signDocument: broker.signDocument },
    })
    openAuthzen(parts.door, {
      ...{ evaluator: plugged.evaluator, clock, random, log, metrics, issuer, regions, mayServe },
      known: (token) => {
        const caller = broker.gate.authenticateKnown(token)
        const warmed = plugged.memory.warmed(caller?.actor.id ?? '')
        // Those above somebody bound what it may: to have them all in memory takes a turn.
        return warmed?.identity.parent === null ? caller : undefined
      },
      stillProven: (token) => accessToken(token),
      applied: base.changes.applied,
    })
    mountFeed(server, broker.feed)
    mountStatusLists(server, broker.statusLists)
    mountSharedSignalsMetadata(server, { issuer })
    mountSharedSignals(server, { operations, pipeline, authenticate, issuer, ...broker.streams })
    mountReference(server, operations, everyFault, VERSION)
    const operation = operations.find(({ name }) => name === 'observe.event.export')
    if (operation !== undefined)
      mountAuditExport(server, { operation, pipeline, authenticate, database: base.database, clock })
    mountOperations(server, operations, pipeline, authenticate)
  }
}

/** On the first start the one who started it becomes the first admin, by a code that is printed once. */
/** What is wrong with the log is told in full by this server's own log alone: files and sizes are nobody else's. */
const stateOf = (why: string | undefined, isSetBack: boolean): ServerState => {
  if (why !== undefined) return { status: why === 'stopping' ? why : 'starting', detail: why }
  if (!isSetBack) return { status: 'ok' }
  return { status: 'set-back', detail: coreFault('log_rolled_back').message }
}

const greet = async (foundation: Foundation, given: Surroundings, issuer: string): Promise<void> => {
  const code = await firstAdminCode(foundation.database, given.clock.now(), given.random, foundation.replica)
  foundation.sequencer.poke()
  if (code === undefined) return
  given.tell(
    [
      `Reeve is at ${issuer}, and has no admin yet. Become the first one within an hour:`,
      `  reeve login --server ${issuer} --code ${code} --name "Your Name" --email you@example.com`,
      '',
    ].join('\n'),
  )
}
