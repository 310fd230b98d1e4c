import { credentialTrait, dayIn } from '../../exports/credential-fact.ts'
import { type ExportRecord, problemsOf, recordsOf } from '../../exports/records.ts'
import { looseRedirects } from '../../exports/redirects.ts'
import { isExportWith, type SeenInExport, seenIn } from '../../exports/seen.ts'
import type { ScannedFile } from '../../file.ts'
import type { Trait } from '../../report.ts'
import type { Fact, Source, SourceAnswer } from '../../source.ts'
import { assignmentFact, guidOf, relateAssignments } from './assignments.ts'
import { WIDE_APP_ROLES } from './roles.ts'

/** What Azure and Entra export: applications, service principals, managed identities, federated credentials, assignments. */
export const azureSource: Source = {
  name: 'azure',
  wants: (file) => isExportWith(file, WORDS),
  read(file): SourceAnswer {
    const records = recordsOf(file)
    const { all } = records
    const namesOf = new Map(
      all
        .filter((one) => one.has('roleName') || (one.has('permissions') && one.has('id')))
        .map((one) => [guidOf(one.text('id')), one.text('roleName', 'displayName', 'name')]),
    )
    const seen = all.flatMap((record) => FORMS.flatMap((form) => form(record, file) ?? []))
    const facts = all.flatMap((record): Fact[] => [
      ...[assignmentFact(record, namesOf, file)].flatMap((fact) => fact ?? []),
      ...principalFact(record, file),
    ])
    const problems = problemsOf(file, records, seen.length + facts.length)
    return { sightings: seen.map((one) => seenIn(file, one)), problems, facts }
  },
  relate: relateAssignments,
}

const WORDS = ['"appId"', '"app_id"', '"principalId"', '"principal_id"', '"audiences"']

type Form = (record: ExportRecord, file: ScannedFile) => readonly SeenInExport[] | undefined

const keyOf = (client: string): string => `azure:${client.toLowerCase()}`

// By the object id under which role assignments name it.
const principalFact = (record: ExportRecord, file: ScannedFile): Fact[] => {
  const client = clientOf(record)
  const object = isManagedIdentity(record)
    ? principalOf(record)
    : record.has('servicePrincipalType')
      ? record.text('id')
      : ''
  if (client === '' || object === '') return []
  return [{ type: 'principal', where: file.at(record.line), fields: { principal: guidOf(object), key: keyOf(client) } }]
}

const isDirectoryObject = (record: ExportRecord): boolean =>
  record.has('appId') && record.has('displayName') && (record.has('id') || record.has('objectId'))
const isManagedIdentity = (record: ExportRecord): boolean =>
  /^microsoft\.managedidentity\/userassignedidentities$/i.test(record.text('type'))
const clientOf = (record: ExportRecord): string =>
  isManagedIdentity(record)
    ? record.text('clientId') || record.child('properties').text('clientId')
    : isDirectoryObject(record)
      ? record.text('appId')
      : ''
const principalOf = (record: ExportRecord): string =>
  record.text('principalId') || record.child('properties').text('principalId')

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
      reaches: scopes.map((scope) => ({
        what: `Microsoft Graph: ${scope}`,
        access: 'admin' as const,
        because: 'it asks for this without a user',
      })),
      traits: [
        ...credentialsOf(record, name, file),
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
  const credentials = credentialsOf(record, name, file)
  const where = file.at(record.line)
  return [
    {
      kind: 'account',
      name: `${isManaged ? 'managed identity' : 'service principal'} ${name}`,
      key: keyOf(record.text('appId')),
      line: record.line,
      evidence: `${isManaged ? 'managed identity' : 'service principal'} of Entra${isDisabled ? ', disabled' : ''}`,
      // Azure makes and replaces the certificates of managed identities itself.
      traits: [
        ...(isManaged ? [] : credentials),
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
    },
  ]
}

const credentialsOf = (record: ExportRecord, of: string, file: ScannedFile): Trait[] =>
  (['passwordCredentials', 'keyCredentials'] as const).flatMap((list) =>
    record.children(list).map((one) => {
      const words = list === 'keyCredentials' ? 'certificate' : 'secret'
      const name = `${words} ${one.text('displayName', 'hint') || one.text('keyId').slice(0, 8)} of ${of}`
      const endsOn = dayIn(one.text('endDateTime', 'endDate')) || 'never'
      return credentialTrait(
        { name, madeOn: dayIn(one.text('startDateTime', 'startDate')), usedOn: '', endsOn },
        file.at(one.line),
      )
    }),
  )

const federatedCredential: Form = (record, file) => {
  const issuer = record.text('issuer')
  if (issuer === '' || !record.has('audiences') || !(record.has('subject') || record.has('claimsMatchingExpression')))
    return undefined
  const subject = record.text('subject') || record.child('claimsMatchingExpression').text('value')
  const owner = [record.parent, record.parent?.parent].find((one) => one !== undefined && clientOf(one) !== '')
  const client = owner ? clientOf(owner) : ''
  const where = file.at(record.line)
  const isPattern = /[*?]/.test(subject)
  // The owner's name is what a stranger may extend.
  const isOpen = isOpenSubject(subject)
  const trait = isOpen ? 'federation:open' : 'federation:wildcard'
  return [
    {
      kind: 'integration',
      name: owner ? `application ${owner.text('displayName')}` : `federated credential ${record.text('name')}`,
      key:
        client === ''
          ? `azure-federation:${file.repository}:${file.repositoryPath}#${record.text('name', 'id')}`
          : keyOf(client),
      line: record.line,
      evidence: `takes tokens of ${issuer} for ${subject}`,
      traits:
        isOpen || isPattern ? [{ trait, detail: `tokens of ${issuer} for ${subject || 'any subject'}`, where }] : [],
    },
  ]
}

// `repo:acme*`, or whatever: the wildcard stands in the owner's name.
const isOpenSubject = (subject: string): boolean => {
  const at = subject.indexOf('repo:')
  const owner = at === -1 ? '' : (subject.slice(at + 5, at + 105).split(/[/']/)[0] ?? '')
  return subject === '' || subject === '*' || subject.includes("matches '*'") || /[*?]/.test(owner)
}

const FORMS: readonly Form[] = [application, servicePrincipal, managedIdentity, federatedCredential]
