import type { X509Certificate } from 'node:crypto'
import type { Changes } from '../kit/changes.ts'
import type { Clock } from '../kit/clock.ts'
import type { AnyDb, AnyTx, Database } from '../kit/database.ts'
import type { Outbound } from '../kit/fetch.ts'
import type { Hot } from '../kit/hot.ts'
import type { Job } from '../kit/job.ts'
import type { Log } from '../kit/log.ts'
import type { Operation, Signal } from '../kit/operation.ts'
import { createBoundKeys } from './bound-keys.ts'
import { keyRules } from './domain/key-schedule.ts'
import { endCredentials } from './end-credentials.ts'
import { makeFirstKey } from './first-key.ts'
import { createForeignTokens } from './foreign-token.ts'
import { type Holder, heldBy } from './held-credentials.ts'
import { createTokenGate } from './hot/authenticate-token.ts'
import { createRefuse } from './hot/hot-event.ts'
import type { HotParts } from './hot/hot-parts.ts'
import { createIntrospectSigned, createIntrospectToken } from './hot/introspect-token.ts'
import { createProveSender } from './hot/prove-sender.ts'
import { createRevokeToken } from './hot/revoke-token.ts'
import { createStoppedFault } from './hot/standing.ts'
import { createTokenEndpoint } from './hot/token-endpoint.ts'
import { impactOnCredentials } from './impact-on-credentials.ts'
import { advanceKeysJob } from './jobs/advance-keys.ts'
import { advanceRotationsJob } from './jobs/advance-rotations.ts'
import { advanceSealJob } from './jobs/advance-seal.ts'
import { sweepEnded } from './jobs/sweep-ended.ts'
import { createAwsSts } from './memory/aws-sts.ts'
import { type ClientMemory, createClientMemory } from './memory/client-memory.ts'
import { startFollowerBeat } from './memory/follower-beat.ts'
import { createFollowerRoll } from './memory/follower-roll.ts'
import { createIssuerKeys } from './memory/issuer-keys.ts'
import { createKeyMemory } from './memory/key-memory.ts'
import { createKeyRates } from './memory/key-rates.ts'
import { createKeyRing } from './memory/key-ring.ts'
import { createStatusPages } from './memory/status-pages.ts'
import { createStopBoard, type StopBoard } from './memory/stop-board.ts'
import { createTokenReader } from './memory/token-reader.ts'
import { createTrustMemory, type TrustMemory } from './memory/trust-memory.ts'
import { advanceKeys } from './operations/advance-keys.ts'
import { advanceRotation } from './operations/advance-rotation.ts'
import { advanceSeal } from './operations/advance-seal.ts'
import { brokerOperations } from './operations.ts'
import { proveKeys } from './prove-keys.ts'
import { createReasons, identityOf } from './reasons.ts'
import { refusedByTier } from './refused-by-tier.ts'
import { reportRetiredUse } from './report-retired-use.ts'
import type { BrokerPorts } from './room.ts'
import { createSenderProofs } from './sender-proof.ts'
import { createSignDocument } from './sign-document.ts'
import { createStatusLists } from './status-lists.ts'
import { createStatusNames } from './status-name.ts'
import { createStopsPort } from './stops-port.ts'
import { markConsumers, type SeenConsumer } from './store-consumer.ts'
import { giveCredentials, markCredentialsUsed } from './store-credential.ts'
import { holdersOfKeys } from './store-holder.ts'
import { markInstancesSeen } from './store-instance.ts'
import { livingKeys } from './store-key.ts'
import { deleteStreamsOf, giveStreams } from './store-stream.ts'
import { createSignSet } from './streams/sign-set.ts'
import { createStreamNews } from './streams/stream-news.ts'
import { createStreamSender } from './streams/stream-sender.ts'
import { hasNext } from './streams/walk-stream.ts'
import { createWebhookSenders } from './webhook-senders.ts'

export { readCertificate, type ShownCertificate } from './client-certificate.ts'
export { JWT_BEARER_GRANT } from './domain/client-proof.ts'
export { EVERY_EVENT } from './domain/stream.ts'
export { brokerFaults } from './faults.ts'
export type { ShownSender, TokenCaller } from './hot/authenticate-token.ts'
export type { IssuedToken } from './hot/grant.ts'
export type { TokenRequestKind } from './hot/hot-event.ts'
export type { Introspected, Introspection } from './hot/introspect-token.ts'
export type { OAuthRequest } from './hot/oauth-request.ts'
export { brokerOperations } from './operations.ts'
export type { ProvenRequest } from './sender-proof.ts'

/** What the broker is made of: the ports that `app.ts` plugs, and the kit. */
export interface BrokerParts {
  readonly ports: Omit<BrokerPorts, 'tokens' | 'foreign' | 'clientKeys' | 'webhookSenders' | 'keyRules' | 'followers'>
  readonly database: Database
  readonly changes: Changes
  readonly hot: Hot
  /** The name of this process in leases. */
  readonly replica: string
  /** The way to the issuers that are trusted, and to the key sets of clients. */
  readonly outbound: Outbound
  /** The CAs that issue certificates to clients, as they are now; none without it. */
  readonly clientCas?: (() => readonly X509Certificate[]) | undefined
  /** The URL under which those who show certificates reach this server, where it is another than the issuer's. */
  readonly mtlsUrl?: (() => string | undefined) | undefined
  readonly clock: Clock
  readonly log: Log
  /** Another address of the STS of a region of AWS than its public one. */
  readonly stsUrl?: ((region: string) => string) | undefined
  /** How many clients are held in memory. */
  readonly clientsMax?: number
}

/** The broker of this process. */
export type Broker = ReturnType<typeof createBroker>

const CLIENTS_MAX = 20_000

/** Makes the broker; it follows the change feed from then on, and serves after `start`. */
export const createBroker = (given: BrokerParts) => {
  const { database, changes, clock, log } = given
  const { subjects, sealer, random, decisions, tiers } = given.ports
  const issuer = () => given.ports.issuer()
  const db: AnyDb = database.reader
  const keys = createIssuerKeys(given.outbound, clock)
  const memory = createClientMemory({ db, subjects, clientKeys: keys, clientsMax: given.clientsMax ?? CLIENTS_MAX })
  const board = createStopBoard(db, clock)
  const roll = createFollowerRoll({ database, board, replica: random.id('srv'), clock })
  const makeActive = (algorithm: Parameters<typeof makeFirstKey>[1]) =>
    makeFirstKey({ database, changes, sealer, random, clock }, algorithm)
  const ring = createKeyRing({ db, sealer, makeActive })
  const trusts = createTrustMemory(db)
  const sts = createAwsSts(given.outbound, given.stsUrl)
  const foreign = createForeignTokens({ trusts, keys, sts, clock, issuer })
  const tokens = createTokenReader({ ring, board, issuer })
  const senders = createSenderProofs({ sealer, clock })
  const statusNames = createStatusNames(sealer.derive('status lists'))
  const signDocument = createSignDocument(ring)
  const tokenSecondsMax = Math.max(...Object.values(tiers).map((rules) => rules.tokenSecondsMax))
  const ports: BrokerPorts = {
    ...given.ports,
    tokens,
    foreign,
    clientKeys: keys,
    webhookSenders: createWebhookSenders(db, { memory, board, tiers, decisions, issuer }),
    keyRules: keyRules(tokenSecondsMax),
    followers: roll.followers,
  }
  const parts: HotParts = {
    database,
    changes,
    clock,
    random,
    decisions,
    tiers,
    memory,
    foreign,
    boundKeys: createBoundKeys({
      ...{ database, changes, clock, random, findings: given.ports.findings },
      stoppedFault: createStoppedFault({ memory, board, tiers, issuer, clock }),
    }),
    board,
    ring,
    tokens,
    senders,
    apiKeys: createKeyMemory(db),
    keyRates: createKeyRates(clock),
    statuses: createStatusPages({ random, names: statusNames, issuer }),
    issuer,
    addresses: () => {
      const mtlsUrl = given.mtlsUrl?.()
      return mtlsUrl === undefined ? [issuer()] : [issuer(), mtlsUrl]
    },
    clientCas: given.clientCas ?? (() => []),
    hot: given.hot,
  }
  const gate = createTokenGate(parts)
  const signSet = createSignSet(signDocument)
  const sender = createStreamSender({
    ...{ database, ports, outbound: given.outbound, signSet, log },
    holder: given.replica,
    now: () => clock.now(),
  })
  const news = createStreamNews()
  news.follow(sender.wake)
  board.onEntries(news.tell)
  changes.follow('stream', { changed: news.tell, reset: news.tell })
  let stopBeat: (() => Promise<void>) | undefined
  followChanges(changes, { memory, trusts, board, reloadKeys: ring.load })

  return {
    ports,
    operations: brokerOperations.map((unplugged): Operation => unplugged(ports)),
    /** Loads keys and stops, making the first key of a new database, and signs once to see that it can. */
    start: async (): Promise<void> => {
      await ring.load()
      await board.load()
      await proveKeys(ring)
      // The embedded database has one process, which knows them all.
      if (database.engine === 'postgres') stopBeat = startFollowerBeat(roll, log)
      sender.start()
    },
    /** Ends what `start` began; the feeds have ended before. */
    stop: async (): Promise<void> => {
      await sender.stop()
      await stopBeat?.()
    },
    issueToken: createTokenEndpoint(parts),
    introspectToken: createIntrospectToken(parts),
    introspectSigned: createIntrospectSigned(parts, signDocument),
    revokeToken: createRevokeToken(parts),
    /** Records a request to one of the three that could not even be read. */
    refuse: createRefuse(parts),
    gate,
    /** The nonce for the next DPoP proof of whoever asks for a token. */
    dpopNonce: senders.nonce,
    /** The key whose holder sends this request to the API. */
    proveSender: createProveSender(parts, gate),
    jwks: (): string => ring.jwks(),
    jwksVersion: (): string => ring.version(),
    detailTypes: (): readonly string[] => ports.decisions.detailTypes(),
    /** When the key that signs now is due to be followed by the next, by algorithm, in milliseconds. */
    keyEnds: async (): Promise<ReadonlyMap<string, number>> =>
      new Map(
        (await livingKeys(db)).flatMap(({ state, algorithm, activatedAt }) =>
          state === 'active' && activatedAt !== null ? [[algorithm, activatedAt + ports.keyRules.rotationMs]] : [],
        ),
      ),
    /** Signs claims that are no token, under a type of their own (RFC 8725 §3.11). */
    signDocument,
    /** Streams of security events: signs one, tells that there may be more, and pushes what is due. */
    streams: {
      signSet,
      onNews: news.follow,
      hasNext: (id: string): Promise<boolean> => hasNext(db, ports, id, clock.now()),
      sendDue: sender.sendDue,
    },
    /** The revocation feed of this replica; it tells of keys as well. */
    feed: { ...board, keys: ring.version },
    /** The status lists that tokens name. */
    statusLists: createStatusLists({ db, board, clock, names: statusNames, issuer, sign: signDocument }),
    /** Inventory's port for stopping things. */
    stops: createStopsPort({ ...ports, tokenSecondsMax }),
    /** The part of inventory's `Impact` that is the broker's. */
    impact: {
      held: (handle: AnyDb, holders: readonly Holder[], now: Date) => heldBy(handle, holders, { tiers, now }),
      credentials: (
        handle: AnyDb,
        identityId: string,
        page: { readonly after: readonly (string | number)[] | undefined; readonly limit: number },
      ) => impactOnCredentials(handle, identityId, { ...page, now: clock.now() }),
    },
    /** Whose public keys these are: `key:` and the thumbprint (RFC 7638). */
    holdersOfKeys,
    /** What an identity has and its tier of now refuses. */
    refusedByTier: (handle: AnyDb, identityId: string, now: Date): Promise<readonly string[]> =>
      refusedByTier(given.ports, handle, identityId, now),
    /** Ends every credential of an identity that retires, and its streams. */
    endCredentials: async (tx: AnyTx, identityId: string, reason: string, now: Date): Promise<readonly Signal[]> => {
      await deleteStreamsOf(tx, identityId)
      return endCredentials(tx, { identity: identityId, reason, by: null, now, tokenSecondsMax, newId: random.id })
    },
    /** Sets last-used from what was issued and from use reports. */
    markUsed: markCredentialsUsed,
    /** Sets when instances were last seen, from the same. */
    markSeen: markInstancesSeen,
    /** Keeps from where credentials were used. */
    markConsumers,
    /** Reports who tried credentials that have retired. */
    reportRetiredUse: (tx: AnyTx, attempts: readonly SeenConsumer[]): Promise<readonly Signal[]> =>
      reportRetiredUse(given.ports, tx, attempts, clock.now()),
    /** Gives the credentials and the streams of an identity to its new team. */
    giveCredentials: async (tx: AnyTx, identityId: string, teamId: string): Promise<void> => {
      await giveCredentials(tx, identityId, teamId)
      await giveStreams(tx, identityId, teamId)
    },
    /** The identity of what has an id of this room, for `why`, and the answers to that. */
    identityOf,
    reasons: createReasons(ports),
    /** The jobs of this room; `call` runs an operation through the pipeline as this server's own automation. */
    jobs: (call: (operation: Operation, input: unknown) => Promise<unknown>): readonly Job[] => [
      advanceKeysJob({ db, rules: ports.keyRules, advance: advanceKeys(ports), call }),
      advanceSealJob({ db, sealer, advance: advanceSeal(ports), call }),
      advanceRotationsJob({ db, ports, advance: advanceRotation(ports), call }),
      sweepEnded(database, () => random.id('set')),
    ],
  }
}

const followChanges = (
  changes: Changes,
  held: {
    readonly memory: ClientMemory
    readonly trusts: TrustMemory
    readonly board: StopBoard
    reloadKeys(): Promise<void>
  },
): void => {
  const { memory, board } = held
  changes.follow('identity', { changed: (ids) => memory.dropIdentities(ids), reset: () => memory.dropAll() })
  changes.follow('grant', { changed: (ids) => memory.dropIdentities(ids), reset: () => memory.dropAll() })
  changes.follow('credential', { changed: (ids) => memory.dropCredentials(ids), reset: () => memory.dropAll() })
  changes.follow('trust', {
    changed: (issuers) => held.trusts.dropIssuers(issuers),
    reset: () => held.trusts.dropAll(),
  })
  // A team's name or owner stands in every client of it.
  changes.follow('team', { changed: () => memory.dropAll(), reset: () => memory.dropAll() })
  changes.follow('revocation', { changed: () => board.advance(), reset: () => board.load() })
  changes.follow('signing-key', { changed: () => held.reloadKeys(), reset: () => held.reloadKeys() })
}
