import { z } from 'zod'
import { operation } from '../room.ts'
import { needTeam, teamSubject } from '../subject.ts'
import { reviseTeam } from '../team-revision.ts'
import { TeamView, teamParticulars, teamViewOf } from '../team-shape.ts'
import { reference } from '../texts.ts'

/** Changes whom to call about what a team owns. */
export const changeTeam = operation.write({
  name: 'inventory.team.change',
  summary: 'change the contacts or the business unit of a team',
  input: z.strictObject({ team: reference('team'), ...z.object(teamParticulars).partial().shape }),
  output: TeamView,
  faults: [],
  on: async ({ tx, input }) => teamSubject(await needTeam(tx, input.team)),
  run: async ({ tx, input }) => {
    const { team, ...wanted } = input
    const { after, fields, signals } = await reviseTeam(tx, team, wanted)
    return { output: teamViewOf(after), on: teamSubject(after), change: fields, signals }
  },
})
