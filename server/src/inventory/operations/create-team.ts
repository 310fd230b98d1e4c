import { differences } from '../domain/difference.ts'
import type { Team } from '../domain/identity.ts'
import { fault } from '../faults.ts'
import { operation } from '../room.ts'
import { insertTeam } from '../store-team.ts'
import { teamSubject } from '../subject.ts'
import { TeamInput, TeamView, teamViewOf } from '../team-shape.ts'

/** Creates a team, which then may own identities. */
export const createTeam = operation.write({
  name: 'inventory.team.create',
  summary: 'create a team that may own identities',
  input: TeamInput,
  output: TeamView,
  faults: ['name_taken'],
  on: ({ input }) => ({ type: 'Team', id: null, name: input.name, environment: null, team: null }),
  run: async ({ tx, input, caller, now, newId }) => {
    const team: Team = {
      ...input,
      id: newId('team'),
      state: 'active',
      stateReason: null,
      stateBy: null,
      createdBy: caller.actor.id,
      createdAt: now,
    }
    if (!(await insertTeam(tx, team))) throw fault('name_taken', { about: input.name })
    return {
      output: teamViewOf(team),
      on: teamSubject(team),
      change: differences(undefined, input),
      signals: [{ topic: 'team', key: team.id }],
    }
  },
})
