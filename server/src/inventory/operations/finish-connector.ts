import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { Moment } from '../../kit/text.ts'
import { RunView, runViewOf } from '../connector-shape.ts'
import { type ConnectorRun, nextDue } from '../domain/connector.ts'
import { operation } from '../room.ts'
import { finishConnector as writeFinished } from '../store-connector.ts'
import { needConnector } from '../subject.ts'
import { reference } from '../texts.ts'

const count = z.number().int().min(0)
const text = z.string().min(1).max(500)

/** Keeps what a run of a connector came to. Called by this server's own job. */
export const finishConnector = operation.write({
  name: 'inventory.connector.finish',
  summary: 'keep what a run of a connector came to',
  input: z.strictObject({
    connector: reference('connector'),
    startedAt: Moment,
    outcome: z.enum(['complete', 'partial', 'failed']),
    sightings: count,
    findings: count,
    gone: count,
    closed: count,
    gaps: z.array(z.strictObject({ part: text, why: text })).max(100),
    notes: z.array(text).max(100),
    writes: z
      .array(
        z.strictObject({
          key: text,
          identity: text,
          set: z.record(z.string().max(40), text),
          state: z.enum(['proposed', 'written', 'failed']),
          why: text.nullable(),
        }),
      )
      .max(100),
  }),
  output: RunView,
  faults: [],
  principals: ['automation'],
  on: () => DEPLOYMENT,
  run: async ({ tx, input, now }) => {
    const { connector: id, ...done } = input
    const connector = await needConnector(tx, id)
    const run: ConnectorRun = { ...done, endedAt: now.toISOString() }
    const dueAt = nextDue(connector.everyHours, run.outcome, now)
    await writeFinished(tx, connector.id, { run, startedAt: new Date(run.startedAt), dueAt })
    const { outcome, sightings, findings, gone, closed, gaps } = run
    return {
      output: runViewOf(run),
      evidence: {
        ...{ connector: connector.id, name: connector.name, outcome, sightings, findings, gone, closed },
        ...(gaps.length === 0
          ? {}
          : {
              gaps: gaps
                .map(({ part, why }) => `${part}: ${why}`)
                .join('; ')
                .slice(0, 2000),
            }),
      },
    }
  },
})
