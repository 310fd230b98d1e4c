import { z } from 'zod'
import { PageInput } from '../../kit/cursor.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { operation } from '../room.ts'
import { listTeams as readTeams } from '../store-team.ts'
import { TeamView, teamViewOf } from '../team-shape.ts'

const LIST = 'inventory.team.list'

/** Lists teams by name. */
export const listTeams = operation.list({
  name: LIST,
  summary: 'list the teams by name',
  input: z.strictObject(PageInput),
  output: z.object({ items: z.array(TeamView), nextCursor: z.string().nullable() }),
  faults: [],
  on: () => DEPLOYMENT,
  run: async ({ db, input, ports, scope }) => {
    const after = input.cursor === undefined ? '' : String(ports.cursors.open(LIST, input.cursor)[0] ?? '')
    const found = await readTeams(db, scope, after, input.limit + 1)
    const items = found.slice(0, input.limit).map(teamViewOf)
    const last = items.at(-1)
    const hasMore = found.length > items.length && last !== undefined
    return { output: { items, nextCursor: hasMore ? ports.cursors.make(LIST, [last.name]) : null } }
  },
})
