import { z } from 'zod'
import type { Subject } from '../kit/operation.ts'
import { Moment } from '../kit/text.ts'
import { onlyTeamOf, ROLES, type Role } from './domain/role.ts'
import { fault } from './faults.ts'
import type { LifecyclePorts } from './room.ts'
import type { Person } from './store-person.ts'

/** Roles as a caller gives them: a team by id or name, or none for everywhere. */
export const RolesInput = z
  .array(z.strictObject({ role: z.enum(ROLES), team: z.string().min(1).max(100).nullable().default(null) }))
  .max(50)

/** Roles as they are answered: a team by id. */
export const RolesOutput = z.array(z.object({ role: z.enum(ROLES), team: z.string().nullable() }))

/** A person as answered. */
export const PersonOutput = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  state: z.enum(['active', 'removed']),
  roles: RolesOutput,
  createdAt: Moment,
  removedAt: Moment.nullable(),
})

/** Writes a person for the wire. */
export const toPersonOutput = (person: Person): z.infer<typeof PersonOutput> => ({
  id: person.id,
  name: person.name,
  email: person.email,
  state: person.state,
  roles: person.roles.map(({ role, team }) => ({ role, team })),
  createdAt: person.createdAt.toISOString(),
  removedAt: person.removedAt?.toISOString() ?? null,
})

/** A person as what an operation is about. */
export const personSubject = (person: Person, team: string | null = onlyTeamOf(person.roles)): Subject => ({
  type: 'Person',
  id: person.id,
  name: person.name,
  environment: null,
  team,
})

/** A team as what an operation is about. */
const teamSubject = ({ id, name }: { readonly id: string; readonly name: string }): Subject => ({
  type: 'Team',
  id,
  name,
  environment: null,
  team: id,
})

/** The roles with their teams found. Throws team_unknown, also for a team that the caller may not know of. */
export const resolveRoles = async (
  ports: LifecyclePorts,
  db: Parameters<LifecyclePorts['teams']['find']>[0],
  roles: readonly Role[],
  sees: (subject: Subject) => boolean,
): Promise<readonly Role[]> => {
  const found: Role[] = []
  for (const { role, team } of roles) {
    if (team === null) found.push({ role, team })
    else {
      const known = await ports.teams.find(db, team)
      if (known === undefined || !sees(teamSubject(known))) throw fault('team_unknown', { about: team })
      found.push({ role, team: known.id })
    }
  }
  return found
}
