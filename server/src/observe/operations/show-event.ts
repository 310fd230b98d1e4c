import { inclusionProof } from '@reeve/sdk/ledger'
import { z } from 'zod'
import type { Handle } from '../../kit/database.ts'
import { UNOWNED } from '../../kit/operation.ts'
import type { NumberedEvent } from '../../ledger/event.ts'
import { eventById, readLedger } from '../../ledger/reader.ts'
import type { LedgerTables } from '../../ledger/schema.ts'
import { nodeReader } from '../../ledger/tree.ts'
import { EventOutput } from '../event-shape.ts'
import { teamSubject } from '../event-subject.ts'
import { fault } from '../faults.ts'
import { freshCheckpoint } from '../fresh-checkpoint.ts'
import { operation } from '../room.ts'

/** Shows one event with the proof that it is in the log. */
export const showEvent = operation.read({
  name: 'observe.event.show',
  summary: 'show an event, with the proof that the signed log holds it',
  input: z.strictObject({ event: z.string().min(1).max(64).optional(), seq: z.number().int().min(0).optional() }),
  output: z.object({
    event: EventOutput,
    leaf: z.string(),
    inclusion: z.object({ size: z.number(), hashes: z.array(z.string()) }),
    checkpoint: z.string(),
    vkey: z.string(),
  }),
  faults: ['event_unnamed', 'event_not_found', 'log_unsigned'],
  on: async ({ db, input, ports }) => {
    // What was committed before the call has its number then.
    await ports.log.flush()
    const event = await findEvent(db, input)
    return (event && (await teamSubject(ports, db, event))) ?? UNOWNED
  },
  run: async ({ db, input, ports }) => {
    if ((input.event === undefined) === (input.seq === undefined)) throw fault('event_unnamed')
    // First the checkpoint: what was committed before the call has its number then.
    const { size, note } = await freshCheckpoint(ports, db)
    const event = await findEvent(db, input)
    if (event === undefined || event.seq >= size) throw fault('event_not_found')
    const getNode = nodeReader(db)
    const proof = await inclusionProof(event.seq, size, getNode)
    return {
      output: {
        event,
        leaf: base64(await getNode(0, event.seq)),
        inclusion: { size, hashes: proof.map(base64) },
        checkpoint: note,
        vkey: ports.log.vkey,
      },
      evidence: { event: event.id },
    }
  },
})

const findEvent = async (
  db: Handle<LedgerTables>,
  { event: id, seq }: { event?: string | undefined; seq?: number | undefined },
): Promise<NumberedEvent | undefined> => {
  if (id !== undefined) return eventById(db, id)
  const found = (await readLedger(db, (seq ?? 0) - 1, 1))[0]
  return found?.seq === seq ? found : undefined
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
