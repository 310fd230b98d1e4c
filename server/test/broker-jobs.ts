import { createLog } from '../src/kit/log.ts'
import type { Operation } from '../src/kit/operation.ts'
import { createSequencer } from '../src/ledger/sequencer.ts'
import { recordLastUse, type UsePorts } from '../src/observe/index.ts'
import type { TestBroker } from './broker.ts'
import { adminCaller } from './room.ts'

/** This server's own automation, as it calls what the clock starts. */
const automation = { ...adminCaller, actor: { principalType: 'automation', id: 'reeve', name: 'reeve' } } as const

/** One turn of a job of the broker, now. */
export const runJob = async (test: TestBroker, name: string): Promise<void> => {
  const call = (operation: Operation, input: unknown) => test.room.call(operation, input, automation)
  await test.broker
    .jobs(call)
    .find((job) => job.name === name)
    ?.run(test.room.clock.now())
}

/** Numbers the events that were committed, as the log's own sequencer does all the time. */
export const numberEvents = async ({ room }: TestBroker): Promise<void> => {
  const keeper = { vkey: '', sign: () => '', keep: async () => undefined }
  const sequencer = createSequencer({ database: room.database, clock: room.clock, log: createLog('silent'), keeper })
  await sequencer.flush()
  await sequencer.stop()
}

/** Observe reads the numbered log for all rooms, and tells each what is its own. */
export const countUses = async ({ broker, room: { database, clock, changes } }: TestBroker): Promise<void> => {
  const markUsed: UsePorts['markUsed'] = async (tx, { credentials, instances, consumers, attempts }) => {
    await broker.markUsed(
      tx,
      credentials.map(({ id, at }) => ({ credential: id, at })),
    )
    await broker.markSeen(tx, instances)
    await broker.markConsumers(tx, consumers)
    await changes.signal(tx, await broker.reportRetiredUse(tx, attempts))
  }
  await recordLastUse({ database, clock, ports: { markUsed } }).run(clock.now())
}

/** Both: what was done up to now is known. */
export const catchUpUses = async (test: TestBroker): Promise<void> => {
  await numberEvents(test)
  await countUses(test)
}
