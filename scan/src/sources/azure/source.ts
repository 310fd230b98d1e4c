import { type ExportRecord, problemsOf, recordsOf } from '../../exports/records.ts'
import { looseRedirects } from '../../exports/redirects.ts'
import { isExportWith, type SeenInExport, seenIn } from '../../exports/seen.ts'
import type { ScannedFile } from '../../file.ts'
import type { Fact, Source, SourceAnswer } from '../../source.ts'
import { activityFact, addActivity, credentialFacts, credentialsOf } from './activity.ts'
import { addAssignments, assignmentFact } from './assignments.ts'
import { addGrants, grantFacts } from './grants.ts'
import { clientOf, estateOf, isDirectoryObject, isManagedIdentity, keyOf, principalFact } from './principals.ts'
import { roleFact, WIDE_APP_ROLES } from './roles.ts'
import { subjectTrait } from './subject-trait.ts'

/** What Azure and Entra export: applications, principals, managed identities, federated credentials, roles, grants, sign-ins. */
export const azureSource: Source = {
  name: 'azure',
  wants: (file) => isExportWith(file, WORDS),
  read(file): SourceAnswer {
    const records = recordsOf(file)
    const { all } = records
    const seen = all.flatMap((record) => FORMS.flatMap((form) => form(record, file) ?? []))
    const facts = all.flatMap((record): Fact[] => [
      ...FACTS.flatMap((fact) => fact(record, file) ?? []),
      ...grantFacts(record, file),
      ...credentialFacts(record, file),
    ])
    const problems = problemsOf(file, records, seen.length + facts.length)
    return { sightings: seen.map((one) => seenIn(file, one)), problems, facts }
  },
  relate(sightings, facts) {
    const estate = estateOf(sightings, facts)
    const problems = addAssignments(estate, facts)
    addGrants(estate, facts)
    addActivity(estate, facts)
    return { sightings: estate.changed(), problems }
  },
}

const WORDS = [
  ...['"appId"', '"app_id"', '"principalId"', '"principal_id"', '"audiences"'],
  ...['"roleName"', '"role_name"', '"rolePermissions"', '"consentType"', '"consent_type"'],
]

const FACTS = [principalFact, assignmentFact, roleFact, activityFact]

type Form = (record: ExportRecord, file: ScannedFile) => readonly SeenInExport[] | undefined

const application: Form = (record, file) => {
  if (!isDirectoryObject(record) || record.has('servicePrincipalType')) return undefined
  if (!record.has('signInAudience') && !record.has('publisherDomain') && !record.has('requiredResourceAccess'))
    return undefined
  const name = record.text('displayName')
  const where = file.at(record.line)
  const audience = record.text('signInAudience')
  const scopes = record.children('requiredResourceAccess').flatMap((api) =>
    api.children('resourceAccess').flatMap((access) => {
      const wide = access.text('type') === 'Role' ? WIDE_APP_ROLES.get(access.text('id')) : undefined
      return wide === undefined ? [] : [wide]
    }),
  )
  const redirects = ['web', 'spa', 'publicClient'].flatMap((kind) => record.child(kind).texts('redirectUris'))
  const loose = looseRedirects(redirects)
  return [
    {
      kind: 'integration',
      name: `application ${name}`,
      key: keyOf(record.text('appId')),
      line: record.line,
      evidence: `application of Entra, signs in ${audience || 'its own organisation'}`,
      owner: ownerOf(record),
      reaches: scopes.map((scope) => ({
        what: `Microsoft Graph: ${scope}`,
        access: 'admin' as const,
        because: 'it asks for this without a user',
      })),
      traits: [
        ...credentialsOf(record, file),
        ...(/MultipleOrgs|PersonalMicrosoftAccount/.test(audience)
          ? [{ trait: 'app:any-organisation', detail: `${name} signs in ${audience}`, where }]
          : []),
        ...(scopes.length > 0 ? [{ trait: 'app:wide-scopes', detail: scopes.join(', '), where }] : []),
        ...loose.slice(0, 10).map((uri) => ({ trait: 'app:loose-redirect', detail: uri, where })),
      ],
    },
  ]
}

const servicePrincipal: Form = (record, file) => {
  if (!isDirectoryObject(record) || !record.has('servicePrincipalType')) return undefined
  const name = record.text('displayName')
  const isManaged = record.text('servicePrincipalType') === 'ManagedIdentity'
  const isDisabled = record.text('accountEnabled') === 'false'
  const credentials = credentialsOf(record, file)
  const where = file.at(record.line)
  // Hundreds in every tenant, and nobody's there, until one is given a credential or, as its assignments tell, a right.
  if (MICROSOFT.has(record.text('appOwnerOrganizationId').toLowerCase()) && credentials.length === 0) return undefined
  return [
    {
      kind: 'account',
      name: `${isManaged ? 'managed identity' : 'service principal'} ${name}`,
      key: keyOf(record.text('appId')),
      line: record.line,
      evidence: `${isManaged ? 'managed identity' : 'service principal'} of Entra${isDisabled ? ', disabled' : ''}`,
      owner: ownerOf(record),
      // Azure makes and replaces the certificates of managed identities itself.
      traits: [
        ...(isManaged ? [] : credentials),
        ...(isDisabled ? [{ trait: 'account:stopped', detail: `${name} is disabled`, where }] : []),
        ...(isDisabled && credentials.length > 0 && !isManaged
          ? [{ trait: 'account:disabled-with-access', detail: `${credentials.length} credentials`, where }]
          : []),
      ],
    },
  ]
}

const managedIdentity: Form = (record) => {
  const client = isManagedIdentity(record) ? clientOf(record) : ''
  if (client === '') return undefined
  return [
    {
      kind: 'account',
      name: `managed identity ${record.text('name')}`,
      key: keyOf(client),
      line: record.line,
      evidence: `managed identity ${record.text('id')}`,
      owner: { value: record.child('tags').text('owner', 'Owner', 'team', 'Team'), because: 'a tag' },
    },
  ]
}

// Microsoft's own tenants, of which its first-party applications are.
const MICROSOFT = new Set(['f8cdef31-a31e-4b4a-93e4-5f571e91255a', '72f988bf-86f1-41af-91ab-2d7cd011db47'])

const ownerOf = (record: ExportRecord): SeenInExport['owner'] => {
  const [first] = record.children('owners')
  return first && { value: first.text('mail', 'userPrincipalName', 'displayName'), because: 'an owner in Entra' }
}

const federatedCredential: Form = (record, file) => {
  const issuer = record.text('issuer')
  if (issuer === '' || !record.has('audiences') || !(record.has('subject') || record.has('claimsMatchingExpression')))
    return undefined
  const subject = record.text('subject') || record.child('claimsMatchingExpression').text('value')
  const owner = [record.parent, record.parent?.parent].find((one) => one !== undefined && clientOf(one) !== '')
  const client = owner ? clientOf(owner) : ''
  const where = file.at(record.line)
  const trait = subjectTrait(subject)
  return [
    {
      kind: 'integration',
      name: owner ? nameOf(owner) : `federated credential ${record.text('name')}`,
      key:
        client === ''
          ? `azure-federation:${file.repository}:${file.repositoryPath}#${record.text('name', 'id')}`
          : keyOf(client),
      line: record.line,
      evidence: `takes tokens of ${issuer} for ${subject}`,
      traits:
        trait === undefined ? [] : [{ trait, detail: `tokens of ${issuer} for ${subject || 'any subject'}`, where }],
    },
  ]
}

const nameOf = (owner: ExportRecord): string =>
  isManagedIdentity(owner) ? `managed identity ${owner.text('name')}` : `application ${owner.text('displayName')}`

const FORMS: readonly Form[] = [application, servicePrincipal, managedIdentity, federatedCredential]
