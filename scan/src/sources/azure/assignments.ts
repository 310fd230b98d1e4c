import type { ExportRecord } from '../../exports/records.ts'
import type { ScannedFile } from '../../file.ts'
import type { Problem, Reach, Sighting, Trait } from '../../report.ts'
import type { Fact } from '../../source.ts'
import { guidOf } from './guid.ts'
import { type Estate, principalSeen } from './principals.ts'
import { KNOWN_ROLES, WIDE_APP_ROLES } from './roles.ts'

/** That a principal was given a role: files tell of principals by an id that only the file of the principal explains. */
export const assignmentFact = (record: ExportRecord, file: ScannedFile): Fact | undefined => {
  const principal = guidOf(record.text('principalId'))
  const definition = guidOf(record.text('roleDefinitionId'))
  const appRole = guidOf(record.text('appRoleId'))
  if (principal === '' || (definition === '' && appRole === '')) return undefined
  return {
    type: 'assignment',
    where: file.at(record.line),
    fields: {
      principal,
      // Of an assignment in the directory the principal alone says what it is.
      principalType: record.text('principalType') || TYPES.get(record.child('principal').text('@odata.type')) || '',
      role: definition || appRole,
      name: record.text('roleDefinitionName') || WIDE_APP_ROLES.get(appRole) || '',
      isWide: WIDE_APP_ROLES.has(appRole) ? 'yes' : '',
      scope: record.text('scope', 'directoryScopeId') || record.text('resourceDisplayName') || '/',
    },
  }
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['#microsoft.graph.servicePrincipal', 'ServicePrincipal'],
  ['#microsoft.graph.user', 'User'],
  ['#microsoft.graph.group', 'Group'],
])

/** Gives every principal that some file explains what it was assigned; a machine that none explains is one of its own. */
export const addAssignments = (estate: Estate, facts: readonly Fact[]): readonly Problem[] => {
  const roles = new Map(facts.filter(({ type }) => type === 'role').map(({ fields }) => [fields.role ?? '', fields]))
  const unknown: Fact[] = []
  for (const fact of facts) {
    if (fact.type !== 'assignment') continue
    const { principal = '', principalType = '', role = '' } = fact.fields
    const key = estate.keyOf(principal) ?? (MACHINES.has(principalType) ? `azure-principal:${principal}` : undefined)
    if (key === undefined) {
      if (principalType === '') unknown.push(fact)
      continue
    }
    const before = estate.seen(key) ?? principalSeen(estate, key, principal, fact.where)
    estate.change(withAssignment(before, fact, roles.get(role) ?? {}))
  }
  const detail = `role assignments whose principal no file explains: ${unknown.length}; export the service principals as well`
  const [first] = unknown
  return first ? [{ path: first.where.path, line: first.where.line, reason: 'incomplete', detail }] : []
}

const MACHINES = new Set(['ServicePrincipal', 'MSI', 'ManagedIdentity'])

const withAssignment = (sighting: Sighting, { fields, where }: Fact, told: Fact['fields']): Sighting => {
  const { role = '', scope = '', isWide } = fields
  const known = KNOWN_ROLES.get(role)
  const name = fields.name || known?.name || told.name || role
  const detail = `role ${name} on ${scope}`
  if (sighting.evidence.includes(detail) || sighting.reaches.length >= REACHES_MAX) return sighting
  const isBroad = known?.isBroad ?? told.isBroad === 'yes'
  const reach: Reach = {
    what: scope,
    access: isBroad ? 'admin' : name === 'Reader' || told.isRead === 'yes' ? 'read' : 'unknown',
    because: `role ${name}`,
  }
  // A resource group or less is one thing; a subscription, a management group or the directory is many.
  const isOnMuch = !/\/resourceGroups\//i.test(scope)
  const traits: Trait[] = [
    ...(isBroad && isOnMuch ? [{ trait: 'account:broad-role', detail, where }] : []),
    ...(isWide ? [{ trait: 'app:wide-scopes', detail, where }] : []),
  ]
  return {
    ...sighting,
    reaches: [...sighting.reaches, reach],
    evidence: [...sighting.evidence, detail],
    traits: [...sighting.traits, ...traits],
  }
}

/** As many things as one principal is shown to reach. */
export const REACHES_MAX = 200
