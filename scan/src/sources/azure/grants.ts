import type { ExportRecord } from '../../exports/records.ts'
import type { ScannedFile } from '../../file.ts'
import type { Reach, Sighting, Trait } from '../../report.ts'
import type { Fact } from '../../source.ts'
import { REACHES_MAX } from './assignments.ts'
import { guidOf } from './guid.ts'
import { type Estate, principalSeen } from './principals.ts'
import { WIDE_APP_ROLES } from './roles.ts'

/** That an application may act for its users: for all of them, or for those who said so (`oauth2PermissionGrant`). */
export const grantFacts = (record: ExportRecord, file: ScannedFile): Fact[] => {
  const principal = guidOf(record.text('clientId'))
  if (principal === '' || !record.has('consentType') || !record.has('scope')) return []
  const resource = guidOf(record.text('resourceId'))
  const isForAll = record.text('consentType') === 'AllPrincipals' ? 'yes' : ''
  return record
    .text('scope')
    .split(/\s+/)
    .filter((scope) => scope !== '')
    .slice(0, REACHES_MAX)
    .map((scope) => ({
      type: 'grant',
      where: file.at(record.line),
      fields: { principal, resource, scope, isForAll },
    }))
}

/** Gives every client that some file explains what it may do for its users. */
export const addGrants = (estate: Estate, facts: readonly Fact[]): void => {
  for (const fact of facts) {
    if (fact.type !== 'grant') continue
    const { principal = '' } = fact.fields
    const key = estate.keyOf(principal) ?? `azure-principal:${principal}`
    const before = estate.seen(key) ?? principalSeen(estate, key, principal, fact.where)
    estate.change(withGrant(before, fact, estate.nameOf(fact.fields.resource ?? '') ?? 'an API'))
  }
}

const withGrant = (sighting: Sighting, { fields, where }: Fact, api: string): Sighting => {
  const { scope = '', isForAll } = fields
  const whom = isForAll ? 'all users' : 'users who agreed'
  const reach: Reach = { what: `${api}: ${scope}`, access: accessOf(scope), because: `acts for ${whom}` }
  const isKnown = sighting.reaches.some(({ what, because }) => what === reach.what && because === reach.because)
  if (isKnown || sighting.reaches.length >= REACHES_MAX) return sighting
  const traits: Trait[] =
    isForAll && WIDE.has(scope)
      ? // No more than each of these users may do: less than the same without one.
        [{ trait: 'app:wide-scopes', severity: 'medium', detail: `${scope} for ${whom}`, where }]
      : []
  return { ...sighting, reaches: [...sighting.reaches, reach], traits: [...sighting.traits, ...traits] }
}

const WIDE = new Set(WIDE_APP_ROLES.values())

const accessOf = (scope: string): Reach['access'] =>
  /^(?:openid|profile|email|offline_access)$|\.Read(?:\.|Basic|$)/.test(scope)
    ? 'read'
    : scope.includes('.ReadWrite')
      ? 'write'
      : 'unknown'
