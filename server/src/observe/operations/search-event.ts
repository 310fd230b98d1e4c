import { z } from 'zod'
import { PageInput } from '../../kit/cursor.ts'
import type { AnyDb } from '../../kit/database.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { pageOf } from '../../kit/page.ts'
import { Moment } from '../../kit/text.ts'
import { OUTCOMES } from '../../ledger/event.ts'
import { searchLedger } from '../../ledger/reader.ts'
import { placeOfUse } from '../../ledger/shared-event.ts'
import { EventOutput } from '../event-shape.ts'
import { type ObservePorts, operation } from '../room.ts'

const Position = z.tuple([z.number()])
const Name = z.string().min(1).max(200)

/** Searches the log, newest first. */
export const searchEvent = operation.list({
  name: 'observe.event.search',
  summary: 'search the log by kind, outcome, actor, what it was on, decision and time, newest first',
  input: z.strictObject({
    ...PageInput,
    kind: Name.optional(),
    outcome: z.enum(OUTCOMES).optional(),
    /** Who acted, by id, or the name of an identity. */
    actor: Name.optional(),
    /** What was acted on, by id, or the name of an identity. */
    on: Name.optional(),
    decision: Name.optional(),
    from: Moment.optional(),
    to: Moment.optional(),
  }),
  output: z.object({ items: z.array(EventOutput).readonly(), nextCursor: z.string().nullable() }),
  faults: [],
  on: () => DEPLOYMENT,
  run: async ({ db, input, ports, scope }) => {
    const { cursor, limit, ...asked } = input
    // Whoever was acknowledged finds it: entries are numbered a moment after their commit. Later pages go on from the first.
    if (cursor === undefined) await ports.log.flush()
    const list = JSON.stringify(['observe.event.search', ...Object.entries(asked).sort()])
    const before = cursor === undefined ? undefined : Position.parse(ports.cursors.open(list, cursor))[0]
    const found = await searchLedger(db, scope, before, limit + 1, {
      kind: asked.kind,
      outcome: asked.outcome,
      actorId: await idOf(ports, db, asked.actor),
      onId: await idOf(ports, db, asked.on),
      // Of one that stands with others in an event, that event.
      decisionId: asked.decision === undefined ? undefined : (placeOfUse(asked.decision)?.name ?? asked.decision),
      from: asked.from === undefined ? undefined : new Date(asked.from),
      to: asked.to === undefined ? undefined : new Date(asked.to),
    })
    return { output: pageOf(found, limit, (last) => ports.cursors.make(list, [last.seq])) }
  },
})

/** Names are looked up; what names no identity is taken for an id. */
const idOf = async (ports: ObservePorts, db: AnyDb, text: string | undefined): Promise<string | undefined> =>
  text === undefined ? undefined : ((await ports.identities.find(db, text))?.id ?? text)
