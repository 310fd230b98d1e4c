/** A role and the team that it is limited to; null: everywhere. */
export interface Role {
  readonly role: 'viewer' | 'auditor' | 'owner' | 'approver' | 'admin'
  readonly team: string | null
}

/** Every role, least first. */
export const ROLES = ['viewer', 'auditor', 'owner', 'approver', 'admin'] as const

/** Whether these roles make somebody an admin of everything. */
export const isAdminOfAll = (roles: readonly Role[]): boolean =>
  roles.some(({ role, team }) => role === 'admin' && team === null)

/** Whether who holds `own` may give `given`: an admin of everything any role, an admin of a team roles in that team. */
export const mayGive = (own: readonly Role[], given: readonly Role[]): boolean =>
  isAdminOfAll(own) ||
  given.every(({ team }) => team !== null && own.some((held) => held.role === 'admin' && held.team === team))

/** The roles by which somebody decides what others may do; from the second person on it takes two to give or take one. */
export const isDeciding = ({ role }: Role): boolean => role === 'approver' || role === 'admin'

/** What of these roles the others have not. */
export const rolesBeyond = (roles: readonly Role[], others: readonly Role[]): readonly Role[] =>
  roles.filter(({ role, team }) => !others.some((other) => other.role === role && other.team === team))

/** The one team that all these roles are limited to, if there is one. */
export const onlyTeamOf = (roles: readonly Role[]): string | null => {
  const first = roles[0]?.team ?? null
  return roles.every(({ team }) => team === first) ? first : null
}

/** The roles as one short text for the record: `admin, owner of team_x`. */
export const rolesText = (roles: readonly Role[]): string =>
  roles
    .map(({ role, team }) => (team === null ? role : `${role} of ${team}`))
    .sort()
    .join(', ')
