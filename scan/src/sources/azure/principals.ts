import type { ExportRecord } from '../../exports/records.ts'
import type { ScannedFile } from '../../file.ts'
import type { Location, Sighting } from '../../report.ts'
import type { Fact } from '../../source.ts'
import { guidOf } from './guid.ts'

/** The stable key of whoever signs in as this client. */
export const keyOf = (client: string): string => `azure:${client.toLowerCase()}`

/** An application or a service principal. */
export const isDirectoryObject = (record: ExportRecord): boolean =>
  record.has('appId') && record.has('displayName') && (record.has('id') || record.has('objectId'))

/** A managed identity with a resource of its own. */
export const isManagedIdentity = (record: ExportRecord): boolean =>
  /^microsoft\.managedidentity\/userassignedidentities$/i.test(record.text('type'))

/** As which client an object signs in; empty when it is none that does. */
export const clientOf = (record: ExportRecord): string =>
  isManagedIdentity(record)
    ? record.text('clientId') || record.child('properties').text('clientId')
    : isDirectoryObject(record)
      ? record.text('appId')
      : ''

/** By the object id under which assignments and grants name it. */
export const principalFact = (record: ExportRecord, file: ScannedFile): Fact | undefined => {
  const client = clientOf(record)
  const object = isManagedIdentity(record)
    ? record.text('principalId') || record.child('properties').text('principalId')
    : record.has('servicePrincipalType')
      ? record.text('id')
      : ''
  if (client === '' || object === '') return undefined
  const name = record.text('displayName', 'name')
  return {
    type: 'principal',
    where: file.at(record.line),
    fields: { principal: guidOf(object), key: keyOf(client), name },
  }
}

/** What was seen, while what all files together tell is added to it. */
export interface Estate {
  /** The stable key of a principal that some file explains. */
  keyOf(principal: string): string | undefined
  nameOf(principal: string): string | undefined
  seen(key: string): Sighting | undefined
  change(sighting: Sighting): void
  changed(): readonly Sighting[]
}

/** What was seen, by key, and by the object ids that its files explain. */
export const estateOf = (sightings: readonly Sighting[], facts: readonly Fact[]): Estate => {
  const principals = new Map(
    facts.filter(({ type }) => type === 'principal').map(({ fields }) => [fields.principal ?? '', fields]),
  )
  const byKey = new Map(sightings.map((sighting) => [sighting.stableKey, sighting]))
  const changed = new Map<string, Sighting>()
  return {
    keyOf: (principal) => principals.get(principal)?.key,
    nameOf: (principal) => principals.get(principal)?.name,
    seen: (key) => changed.get(key) ?? byKey.get(key),
    change: (sighting) => void changed.set(sighting.stableKey, sighting),
    changed: () => [...changed.values()],
  }
}

/** A principal that only those speak of who gave it something, or that is of Microsoft's own. */
export const principalSeen = (
  { nameOf }: Pick<Estate, 'nameOf'>,
  key: string,
  principal: string,
  where: Location,
): Sighting => {
  const name = nameOf(principal)
  return {
    source: 'azure',
    kind: 'account',
    name: `service principal ${name ?? principal}`,
    stableKey: key,
    repository: where.repository,
    where,
    alsoAt: [],
    reaches: [],
    evidence: [
      name === undefined
        ? 'known by its object id only: export the service principals as well'
        : 'service principal of Microsoft, which was given something here',
    ],
    environment: null,
    ownerHint: null,
    traits: [],
  }
}
