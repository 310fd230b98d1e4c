import { z } from 'zod'
import type { Admin, RunningServer } from '../process.ts'

const Event = z.looseObject({
  kind: z.string(),
  outcome: z.enum(['done', 'dry-run', 'refused', 'failed']),
  code: z.string().nullable(),
  at: z.string(),
  actor: z.object({ principalType: z.string(), id: z.string().nullable(), name: z.string().nullable() }),
  on: z.object({ type: z.string() }).loose().nullable(),
  decision: z
    .object({ id: z.string(), outcome: z.enum(['allow', 'deny']), revision: z.string() })
    .loose()
    .nullable(),
  source: z.object({ ip: z.string().nullable(), userAgent: z.string().nullable() }).loose(),
  evidence: z.record(z.string(), z.unknown()),
  correlation: z.object({ requestId: z.string() }).loose(),
})

/** An event as an export has it. */
export type ExportedEvent = z.infer<typeof Event>

/** The text of a whole export of the log, which holds everything that is committed by now. */
export const exportText = async (server: RunningServer, admin: Admin): Promise<string> => {
  const response = await fetch(`${server.url}/audit/export`, { headers: { authorization: `Bearer ${admin.token}` } })
  if (!response.ok) throw new Error(`export: ${response.status} ${await response.text()}`)
  return response.text()
}

/** Every event of the log, by the request that caused it. */
export const eventsByRequest = async (
  server: RunningServer,
  admin: Admin,
): Promise<ReadonlyMap<string, readonly ExportedEvent[]>> => {
  const events = eventsOf(await exportText(server, admin))
  return Map.groupBy(events, ({ correlation }) => correlation.requestId)
}

/** The events among the lines of an export. */
export const eventsOf = (text: string): readonly ExportedEvent[] =>
  text.split('\n').flatMap((line) => {
    if (line === '') return []
    const parsed: unknown = JSON.parse(line)
    const found = Line.safeParse(parsed)
    return found.success ? [found.data.entry.event] : []
  })

const Line = z.object({ entry: z.object({ event: Event }) }).loose()
