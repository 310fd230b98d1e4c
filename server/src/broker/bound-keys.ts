import type { Changes } from '../kit/changes.ts'
import type { Clock } from '../kit/clock.ts'
import type { AnyTx, Database } from '../kit/database.ts'
import { isDatabaseGone } from '../kit/database-gone.ts'
import { coreFault, Fault } from '../kit/fault.ts'
import { useOnce } from '../kit/once.ts'
import type { Signal } from '../kit/operation.ts'
import type { Random } from '../kit/random.ts'
import type { Once } from '../kit/spend-once.ts'
import { appendEvents } from '../ledger/append.ts'
import type { EventDraft } from '../ledger/event.ts'
import { OWN_ACTOR } from '../ledger/own-act.ts'
import { cloneFinding, outOfStepFinding } from './bound-key-findings.ts'
import { hashSecret } from './client-secret.ts'
import type { BoundClaims } from './domain/bound-claims.ts'
import { fault } from './faults.ts'
import { pauseStreamsSetBy } from './pause-streams.ts'
import type { PublicKey } from './public-key.ts'
import type { BrokerPorts, Subject } from './room.ts'
import { advanceBoundKey, type BoundKeyUse, isJoinable, joinBoundKey, lastUseOf } from './store-bound-key.ts'
import { quarantineInstanceOnce } from './store-instance.ts'
import { placeStop } from './store-stop.ts'

/** One use of a bound key, by an assertion whose signature was verified. */
export interface BoundUse {
  readonly subject: Subject
  readonly claims: BoundClaims
  /** The use of the assertion itself. */
  readonly once: Once
  readonly source: EventDraft['source']
  readonly requestId: string
  readonly traceparent: string | null
}

/**
 * What came of it. `repeated`: the same use again, as by a machine that never got the answer. `cloned`: another one has
 * the key as well. `ahead`: we know of fewer uses than there were, as after a database was put back.
 */
export type BoundVerdict =
  | { readonly state: 'used' | 'repeated' | 'replayed' | 'unknown' }
  | { readonly state: 'cloned' | 'ahead'; readonly last: BoundKeyUse }

/** Key pairs that are bound to one machine each: every use is counted, and a count that comes twice is a copy. */
export interface BoundKeys {
  /** Whether this secret lets a machine join this identity now; also asked for one that is not there. */
  isJoinable(identity: string, joinSecret: string): Promise<boolean>
  use(credential: string, use: BoundUse): Promise<BoundVerdict>
  /** Registers the key of a machine by its secret; gives its credential, or why not: undefined where the secret is not good. */
  join(joinSecret: string, key: PublicKey, use: BoundUse): Promise<string | Fault | undefined>
}

/**
 * Counts in a transaction of its own before anything is judged: what is refused later was a use all the same, and may be
 * repeated. INVARIANT: a token is given for a generation only after the write that used it up is durable.
 */
export const createBoundKeys = (given: {
  readonly database: Database
  readonly changes: Changes
  readonly clock: Pick<Clock, 'now'>
  readonly random: Random
  readonly findings: BrokerPorts['findings']
  /** Why a machine may not act by this credential now, as memory knows it. */
  stoppedFault(identity: string, credential: string): Promise<Fault | undefined>
}): BoundKeys => {
  const { database, changes, clock, random, findings, stoppedFault } = given

  const judge = async (tx: AnyTx, credential: string, use: BoundUse, now: Date): Promise<BoundVerdict> => {
    const { claims, source } = use
    // RFC 7523 §3: who only saw an assertion, and sends it again, has no key and stops nothing by it.
    if (!(await useOnce(tx, use.once))) return { state: 'replayed' }
    if (await advanceBoundKey(tx, credential, claims, { attempt: claims.attempt, address: source.ip, now }))
      return { state: 'used' }
    const last = await lastUseOf(tx, credential)
    if (last === undefined) return { state: 'unknown' }
    if (last.generation === claims.generation && last.attemptHash === hashSecret(claims.attempt))
      return { state: 'repeated' }
    const isAhead = claims.generation > last.generation + 1
    const seen = { credential, subject: use.subject, last, claims, address: source.ip }
    await findings.report(tx, [isAhead ? outOfStepFinding(seen) : cloneFinding(seen)], now)
    if (isAhead) return { state: 'ahead', last }
    await changes.signal(tx, await stopClone(tx, credential, use, last, now))
    return { state: 'cloned', last }
  }

  /** Stops this instance and no other (P24): the other machines of the identity have keys of their own. */
  const stopClone = async (
    tx: AnyTx,
    credential: string,
    use: BoundUse,
    last: BoundKeyUse,
    now: Date,
  ): Promise<readonly Signal[]> => {
    const of = { identity: use.subject.id, instance: credential }
    const reason = `its key is used by more than one: generation ${use.claims.generation} came twice`
    if (!(await quarantineInstanceOnce(tx, of, { reason, now }))) return []
    const stop = { id: random.id('stp'), scope: 'instance', verb: 'quarantine', by: null, until: null } as const
    const instance = `${of.identity}/${of.instance}`
    const placed = await placeStop(tx, { ...stop, subject: instance, reason, now })
    const paused = await pauseStreamsSetBy(tx, { findings }, { instance }, { now, newId: random.id })
    const evidence = {
      generation: use.claims.generation,
      newestGeneration: last.generation,
      firstAddress: last.address,
      secondAddress: use.source.ip,
    }
    const change = [{ field: `instance ${credential}`, before: 'active', after: 'quarantined' }]
    const draft = eventOf('broker.instance.quarantine', credential, use, { change, evidence })
    await appendEvents(tx, [draft], { random, now })
    return [...placed.signals, ...paused]
  }

  const write = async <T>(work: (tx: AnyTx, now: Date) => Promise<T>): Promise<T> => {
    try {
      return await database.write((tx) => work(tx, clock.now()))
    } catch (error) {
      throw isDatabaseGone(error) ? coreFault('unavailable', { retryAfterSeconds: 2, cause: error }) : error
    }
  }

  return {
    isJoinable: (identity, joinSecret) =>
      isJoinable(database.reader, { identity, joinHash: hashSecret(joinSecret), now: clock.now() }),
    use: (credential, use) => write((tx, now) => judge(tx, credential, use, now)),
    join: (joinSecret, key, use) =>
      write(async (tx, now) => {
        const joinHash = hashSecret(joinSecret)
        const { claims, source } = use
        const by = { attempt: claims.attempt, address: source.ip, now }
        const credential = await joinBoundKey(tx, { identity: use.subject.id, joinHash, key }, by)
        if (credential === undefined) return undefined
        // Rule 13: while it is stopped nobody brings a key, which would prove it as soon as it is released.
        await changes.refresh(tx)
        const stopped = await stoppedFault(use.subject.id, credential)
        if (stopped !== undefined) throw stopped
        // After the secret was found to be good: nobody else names the assertions of a client.
        if (!(await useOnce(tx, use.once))) throw fault('assertion_replayed')
        const change = [{ field: 'thumbprint', before: null, after: key.thumbprint }]
        const draft = eventOf('broker.credential.join', credential, use, { change, evidence: { address: source.ip } })
        await appendEvents(tx, [draft], { random, now })
        await changes.signal(tx, [
          { topic: 'credential', key: credential },
          { topic: 'identity', key: use.subject.id },
        ])
        return credential
      }).catch((error: unknown) => {
        // Thrown, so that nothing is kept.
        if (error instanceof Fault && error.kind !== 'unavailable' && error.kind !== 'internal') return error
        throw error
      }),
  }
}

const eventOf = (
  kind: string,
  credential: string,
  { subject, source, requestId, traceparent }: BoundUse,
  { change, evidence }: Pick<EventDraft, 'change' | 'evidence'>,
): EventDraft => ({
  kind,
  outcome: 'done',
  code: null,
  actor: OWN_ACTOR,
  instance: credential,
  credential,
  token: null,
  workflow: null,
  on: {
    type: 'Identity',
    id: subject.id,
    name: subject.name,
    environment: subject.environment,
    team: subject.owner.id,
  },
  change,
  decision: null,
  approval: null,
  evidence,
  tags: subject.tags,
  source,
  correlation: { requestId, traceparent, cause: null },
})
