import type { Clock } from '../../kit/clock.ts'
import type { AnyDb, AnyTx, Database } from '../../kit/database.ts'
import type { Job } from '../../kit/job.ts'
import type { LedgerEvent, NumberedEvent } from '../../ledger/event.ts'
import { followedUntil, followLedger } from '../../ledger/follow.ts'
import { createRecent } from '../../ledger/recent.ts'
import type { Sequencer } from '../../ledger/sequencer.ts'
import { usesOf } from '../../ledger/shared-event.ts'
import { latestConsumers, type SeenConsumer, type SeenUse, sumUses } from '../domain/uses-in.ts'
import { peopleUses, personDays } from '../people-uses.ts'
import type { UsePorts } from '../room.ts'
import { addPeople, sweepPeople } from '../store-people.ts'
import { addUses, sweepUses } from '../store-use.ts'

const NAME = 'observe: record last use'

/** Reads the log from where it stopped and records what was last used when; what it counted it never counts again. */
export const recordLastUse = (given: {
  readonly database: Database
  readonly clock: Clock
  readonly ports: UsePorts
  /** Tells what is numbered here, so that it need not be read back. */
  readonly log?: Pick<Sequencer, 'onNumbered'>
}): Job => {
  const { database, clock, ports, log } = given
  const recent = createRecent(alike)
  log?.onNumbered(recent.numbered)
  const take = async (tx: AnyTx, events: readonly NumberedEvent[]): Promise<void> => {
    const { uses, ...used } = sumUses(events.flatMap(usesIn))
    const attempts = latestConsumers(events.flatMap(attemptsIn))
    await addUses(tx, uses)
    await addPeople(tx, peopleUses(events), personDays(events))
    if (used.identities.length > 0 || attempts.length > 0) await ports.markUsed(tx, { ...used, attempts })
  }
  return {
    name: NAME,
    schedule: '*/3 * * * * *',
    run: () => followLedger(database, clock, { name: NAME, take, recent }),
  }
}

// What is done by the thousand: of each such event nothing counts but what is named here, and when that was last.
const MANY: ReadonlySet<string> = new Set(['broker.token.issue', 'broker.token.exchange', 'policy.decision.evaluate'])

/** Names all that is read of an event of which there are many, but its time. */
const alike = ({ kind, outcome, code, actor, credential, instance, source, evidence }: LedgerEvent) => {
  if (actor.principalType !== 'nhi' || !MANY.has(kind) || evidence.usedCredential !== undefined) return undefined
  return JSON.stringify([kind, outcome, code, actor.id, credential, instance, source.ip, source.userAgent])
}

const DAY_MS = 24 * 60 * 60 * 1000
const KEEP_DAYS = 400

/** Forgets uses that are older than any review looks back. */
export const forgetOldUse = (database: Database): Job => ({
  name: 'observe: forget old use',
  schedule: '0 41 3 * * *',
  run: (now) =>
    database.write(async (tx: AnyTx) => {
      const before = new Date(now.getTime() - KEEP_DAYS * DAY_MS)
      await sweepUses(tx, before)
      await sweepPeople(tx, before)
    }),
})

/** Up to when uses have been counted. */
export const usesCountedUntil = (db: AnyDb | AnyTx, now: Date): Promise<Date> => followedUntil(db, NAME, now)

const PROVEN_KINDS: ReadonlySet<string> = new Set([
  'broker.token.issue',
  'broker.token.exchange',
  'broker.token.introspect',
  'broker.token.revoke',
])

/** What an event says was used. A refusal is none: who was refused did nothing. */
const usesIn = (event: NumberedEvent): readonly SeenUse[] => {
  const { kind, outcome, actor, credential, instance, at, source } = event
  if (outcome !== 'done' || actor.principalType !== 'nhi' || actor.id === null) return []
  if (kind === 'observe.use.report') return reportedUse(event)
  // A webhook is a use of the very secret that signed it, from where it was sent.
  if (kind === 'broker.webhook.take')
    return reportedUse(event).map((use) => ({ ...use, from: { address: textOf(event.evidence.usedFrom) } }))
  if (!PROVEN_KINDS.has(kind)) return []
  const own = { identity: actor.id, credential, instance, at: new Date(at), resource: null, action: null }
  const proven = { ...own, from: { address: source.ip } }
  return kind === 'broker.token.introspect' ? [proven, ...introspectedUse(event)] : [proven]
}

/** Whose credential was presented although it had been stopped. */
const attemptsIn = ({ kind, outcome, code, actor, credential, instance, at, source, evidence }: NumberedEvent) => {
  if (!PROVEN_KINDS.has(kind) || actor.principalType !== 'nhi') return []
  const attempts: SeenConsumer[] = []
  if (outcome === 'refused' && code === STOPPED && credential !== null)
    attempts.push({ credential, instance: instance ?? '', address: source.ip ?? '', at: new Date(at) })
  const key = textOf(evidence.usedCredential)
  if (key !== null && evidence.why === STOPPED)
    attempts.push({ credential: key, instance: '', address: textOf(evidence.usedIp) ?? '', at: new Date(at) })
  return attempts
}

const STOPPED = 'credential_stopped'

/** A report is on the identity that was seen; who reports it has used nothing. */
const reportedUse = ({ on, at, evidence }: NumberedEvent): readonly SeenUse[] => {
  const { audience, usedAt } = evidence
  // The call that brought the reports is of the same kind; only a report itself names an audience.
  if (typeof audience !== 'string' || on === null || on.type !== 'Identity' || on.id === null) return []
  return [
    {
      identity: on.id,
      credential: textOf(evidence.usedCredential),
      instance: textOf(evidence.usedInstance),
      at: new Date(textOf(usedAt) ?? at),
      resource: audience,
      action: textOf(evidence.action),
    },
  ]
}

/** An API key is used at the resource, and its verifier asks about it; what was not active was used for nothing. */
const introspectedUse = (event: NumberedEvent): readonly SeenUse[] => {
  const { outcome, on, at, evidence } = event
  const credential = textOf(evidence.usedCredential)
  const isUse = outcome === 'done' && evidence.active === true && on?.type === 'Identity'
  if (!isUse || credential === null || on.id === null) return []
  const resource = textOf(evidence.audience)
  const from = { address: textOf(evidence.usedIp) }
  const count = usesOf(event)
  return [{ identity: on.id, credential, instance: null, at: new Date(at), resource, action: null, count, from }]
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)
