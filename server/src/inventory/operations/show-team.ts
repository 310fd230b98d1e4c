import { z } from 'zod'
import { operation } from '../room.ts'
import { needTeam, teamSubject } from '../subject.ts'
import { TeamView, teamViewOf } from '../team-shape.ts'
import { reference } from '../texts.ts'

/** Shows a team. */
export const showTeam = operation.read({
  name: 'inventory.team.show',
  summary: 'show a team and whom to call about what it owns',
  input: z.strictObject({ team: reference('team') }),
  output: TeamView,
  faults: [],
  on: async ({ db, input }) => teamSubject(await needTeam(db, input.team)),
  run: async ({ db, input }) => ({ output: teamViewOf(await needTeam(db, input.team)) }),
})
