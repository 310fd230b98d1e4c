import type { Changes } from '../../kit/changes.ts'
import type { AnyTx, Database } from '../../kit/database.ts'
import type { Job } from '../../kit/job.ts'
import type { Random } from '../../kit/random.ts'
import { appendEvents } from '../../ledger/append.ts'
import type { EventDraft } from '../../ledger/event.ts'
import { ownAct } from '../../ledger/own-act.ts'
import { EXPIRED, type Grant } from '../domain/grant.ts'
import { regradeSignals } from '../regrades.ts'
import type { PolicyPorts, Regraded } from '../room.ts'
import { endGrant, overdueGrants } from '../store-grant.ts'
import { endOverdueModes } from './end-overdue-modes.ts'

const BATCH = 200

/** Ends grants and report-only modes whose time is over: they did nothing any more, and now their end is on record. */
export const endOverdueGrants = (given: {
  database: Database
  changes: Changes
  random: Random
  ports: PolicyPorts
  committed(): void
}): Job => ({
  name: 'policy.grant.expire',
  schedule: '15 * * * * *',
  run: async (now) => {
    const { database, changes, committed } = given
    if ((await database.write((tx) => endOverdueModes(tx, given, now))) > 0) {
      committed()
      await changes.catchUp()
    }
    for (;;) {
      const count = await database.write((tx) => endSome(tx, given, now))
      if (count > 0) {
        committed()
        await changes.catchUp()
      }
      if (count < BATCH) return
    }
  },
})

const endSome = async (
  tx: AnyTx,
  { changes, random, ports }: { changes: Changes; random: Random; ports: PolicyPorts },
  now: Date,
): Promise<number> => {
  const overdue = await overdueGrants(tx, now, BATCH)
  const drafts: EventDraft[] = []
  const requestId = random.id('req')
  const signals = new Map<string, { topic: string; key: string }>()
  for (const grant of overdue) {
    if (!(await endGrant(tx, grant.id, EXPIRED, now))) continue
    const regraded = await ports.identities.regradeFound(tx, grant.identity, now)
    for (const signal of regradeSignals([regraded])) signals.set(JSON.stringify([signal.topic, signal.key]), signal)
    drafts.push(draftOf(grant, regraded, requestId))
  }
  await appendEvents(tx, drafts, { random, now })
  await changes.signal(tx, [...signals.values()])
  return overdue.length
}

const draftOf = (grant: Grant, regraded: Regraded, requestId: string): EventDraft => {
  const { type, id, name, environment, team, tags } = regraded.on
  return ownAct(
    {
      kind: 'policy.grant.expire',
      on: { type, id, name, environment, team },
      change: [{ field: 'grant', before: grant.id, after: null }, ...regraded.change],
      evidence: { grant: grant.id, expiresAt: grant.expiresAt.toISOString() },
      ...(tags === undefined ? {} : { tags }),
    },
    requestId,
  )
}
