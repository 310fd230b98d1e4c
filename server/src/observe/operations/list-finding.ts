import { z } from 'zod'
import { PageInput } from '../../kit/cursor.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { pageOf } from '../../kit/page.ts'
import { rankOf, SEVERITIES, STATES } from '../domain/finding.ts'
import { FindingOutput, identitySubject, toFindingOutput } from '../finding-shape.ts'
import { operation } from '../room.ts'
import { listFindings } from '../store-finding.ts'

const Position = z.tuple([z.number(), z.number(), z.string()])

/** Lists findings, worst first, then newest. */
export const listFinding = operation.list({
  name: 'observe.finding.list',
  summary: 'list what is wrong, worst first, then newest',
  input: z.strictObject({
    ...PageInput,
    severity: z.enum(SEVERITIES).optional(),
    owasp: z.string().min(1).max(10).optional(),
    state: z.enum(STATES).optional(),
    /** By id or name. */
    identity: z.string().min(1).max(100).optional(),
    rule: z.string().min(1).max(100).optional(),
    source: z.string().min(1).max(200).optional(),
  }),
  output: z.object({ items: z.array(FindingOutput), nextCursor: z.string().nullable() }),
  faults: [],
  on: ({ db, input, ports }) =>
    input.identity === undefined ? DEPLOYMENT : identitySubject(ports, db, input.identity),
  run: async ({ db, input, ports, scope }) => {
    const { cursor, limit, identity: named, severity, owasp, state, rule, source } = input
    const found = named === undefined ? undefined : await ports.identities.find(db, named)
    // Who names an identity that is not there is told of no findings, not of everybody's.
    const identity = found?.id ?? named
    const list = JSON.stringify(['observe.finding.list', severity, owasp, state, identity, rule, source])
    const place = cursor === undefined ? undefined : Position.parse(ports.cursors.open(list, cursor))
    const after = place && { rank: place[0], firstSeenMs: place[1], id: place[2] }
    const filter = { severity, owasp, state, identity, rule, source, after, limit: limit + 1 }
    const page = pageOf(await listFindings(db, scope, filter), limit, (last) =>
      ports.cursors.make(list, [rankOf(last.severity), last.firstSeenAt.getTime(), last.id]),
    )
    return { output: { items: page.items.map(toFindingOutput), nextCursor: page.nextCursor } }
  },
})
