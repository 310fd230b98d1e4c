import type { Clock } from '../../kit/clock.ts'
import type { AnyTx, Database } from '../../kit/database.ts'
import type { Job } from '../../kit/job.ts'
import type { NumberedEvent } from '../../ledger/event.ts'
import { followLedger } from '../../ledger/follow.ts'
import { type SeenUse, sumUses } from '../domain/uses-in.ts'
import type { UsePorts } from '../room.ts'
import { addUses, sweepUses } from '../store-use.ts'

/** Reads the log from where it stopped and records what was last used when; what it counted it never counts again. */
export const recordLastUse = (given: { database: Database; clock: Clock; ports: UsePorts }): Job => ({
  name: 'observe: record last use',
  schedule: '*/3 * * * * *',
  run: async () => {
    const { database, clock, ports } = given
    await followLedger(database, clock, 'observe: record last use', async (tx: AnyTx, events) => {
      const { uses, ...used } = sumUses(events.flatMap(usesIn))
      await addUses(tx, uses)
      if (used.identities.length > 0) await ports.markUsed(tx, used)
    })
  },
})

const DAY_MS = 24 * 60 * 60 * 1000
const KEEP_DAYS = 400

/** Forgets uses that are older than any review looks back. */
export const forgetOldUse = (database: Database): Job => ({
  name: 'observe: forget old use',
  schedule: '0 41 3 * * *',
  run: (now) => database.write((tx: AnyTx) => sweepUses(tx, new Date(now.getTime() - KEEP_DAYS * DAY_MS))),
})

/** What an event says was used. A refusal is none: who was refused did nothing. */
const usesIn = (event: NumberedEvent): readonly SeenUse[] => {
  const { kind, outcome, actor, credential, instance } = event
  if (kind === 'broker.token.introspect') return introspectedUse(event)
  if (outcome !== 'done' || actor.principalType !== 'nhi' || actor.id === null) return []
  if (kind === 'broker.token.issue' || kind === 'broker.token.exchange')
    return [{ identity: actor.id, credential, instance, at: new Date(event.at), resource: null, action: null }]
  return kind === 'observe.use.report' ? reportedUse(event) : []
}

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
const introspectedUse = ({ outcome, on, at, evidence }: NumberedEvent): readonly SeenUse[] => {
  const credential = textOf(evidence.usedCredential)
  const isUse = outcome === 'done' && evidence.active === true && on?.type === 'Identity'
  if (!isUse || credential === null || on.id === null) return []
  const resource = textOf(evidence.audience)
  return [{ identity: on.id, credential, instance: null, at: new Date(at), resource, action: null }]
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)
