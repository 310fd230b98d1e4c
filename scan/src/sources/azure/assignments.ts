import type { ExportRecord } from '../../exports/records.ts'
import type { ScannedFile } from '../../file.ts'
import type { Reach, Sighting, Trait } from '../../report.ts'
import type { Fact, Related } from '../../source.ts'
import { KNOWN_ROLES, WIDE_APP_ROLES } from './roles.ts'

/** That a principal was given a role: files tell of principals by an id that only the file of the principal explains. */
export const assignmentFact = (
  record: ExportRecord,
  namesOf: ReadonlyMap<string, string>,
  file: ScannedFile,
): Fact | undefined => {
  const principal = guidOf(record.text('principalId'))
  const definition = guidOf(record.text('roleDefinitionId'))
  const appRole = guidOf(record.text('appRoleId'))
  if (principal === '' || (definition === '' && appRole === '')) return undefined
  const known = KNOWN_ROLES.get(definition)
  const wide = WIDE_APP_ROLES.get(appRole)
  return {
    type: 'assignment',
    where: file.at(record.line),
    fields: {
      principal,
      principalType: record.text('principalType'),
      role:
        record.text('roleDefinitionName') || known?.name || namesOf.get(definition) || wide || definition || appRole,
      isBroad: known?.isBroad ? 'yes' : '',
      isWide: wide === undefined ? '' : 'yes',
      scope: record.text('scope', 'directoryScopeId') || record.text('resourceDisplayName') || '/',
    },
  }
}

/** The last part of a path, in lower case, as ids are compared. */
export const guidOf = (id: string): string =>
  id
    .replace(/^UUID\('([^']{1,64})'\)$/, '$1')
    .split('/')
    .at(-1)
    ?.toLowerCase() ?? ''

/** Gives every principal that some file explains what it was assigned; a machine that none explains is one of its own. */
export const relateAssignments = (sightings: readonly Sighting[], facts: readonly Fact[]): Related => {
  const keys = new Map(
    facts.filter(({ type }) => type === 'principal').map(({ fields }) => [fields.principal ?? '', fields.key ?? '']),
  )
  const byKey = new Map(sightings.map((sighting) => [sighting.stableKey, sighting]))
  const changed = new Map<string, Sighting>()
  const unknown: Fact[] = []
  for (const fact of facts) {
    if (fact.type !== 'assignment') continue
    const { principal = '', principalType = '' } = fact.fields
    const key = keys.get(principal) ?? (MACHINES.has(principalType) ? `azure-principal:${principal}` : undefined)
    if (key === undefined) {
      if (principalType === '') unknown.push(fact)
      continue
    }
    const before = changed.get(key) ?? byKey.get(key) ?? unexplained(key, principal, fact)
    changed.set(key, withAssignment(before, fact))
  }
  const detail = `role assignments whose principal no file explains: ${unknown.length}; export the service principals as well`
  const [first] = unknown
  return {
    sightings: [...changed.values()],
    problems: first ? [{ path: first.where.path, line: first.where.line, reason: 'incomplete', detail }] : [],
  }
}

const MACHINES = new Set(['ServicePrincipal', 'MSI', 'ManagedIdentity'])

const withAssignment = (sighting: Sighting, { fields, where }: Fact): Sighting => {
  const { role = '', scope = '', isBroad, isWide } = fields
  const detail = `role ${role} on ${scope}`
  if (sighting.evidence.includes(detail) || sighting.reaches.length >= REACHES_MAX) return sighting
  const reach: Reach = {
    what: scope,
    access: isBroad ? 'admin' : role === 'Reader' ? 'read' : 'unknown',
    because: `role ${role}`,
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

const REACHES_MAX = 200

const unexplained = (key: string, principal: string, { where }: Fact): Sighting => ({
  source: 'azure',
  kind: 'account',
  name: `service principal ${principal}`,
  stableKey: key,
  repository: where.repository,
  where,
  alsoAt: [],
  reaches: [],
  evidence: ['known by its object id only: export the service principals as well'],
  environment: null,
  ownerHint: null,
  traits: [],
})
