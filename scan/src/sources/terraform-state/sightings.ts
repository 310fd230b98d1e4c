import { accessKeyText, dayOf } from '../../aws/access-key.ts'
import { awsKey, awsSightings } from '../../aws/sighting.ts'
import { guessEnvironment } from '../../environment.ts'
import type { ScannedFile } from '../../file.ts'
import { textOf } from '../../json-value.ts'
import type { Location, Trait } from '../../report.ts'
import type { SightingDraft, SourceAnswer, SourceTools } from '../../source.ts'
import { awsIdentitiesOf } from './aws-resources.ts'
import { type Binding, bindingsOf } from './bindings.ts'
import { IDENTITY_TYPES } from './identity-types.ts'
import type { Places } from './places.ts'
import type { StateResource, TerraformState } from './read-state.ts'
import { factsOf } from './resource-traits.ts'
import { type StateSecret, secretsOfOutputs, secretsOfResource } from './secrets-in-state.ts'

/** Where resources were read, and what is said of them there. */
export interface Around {
  readonly file: ScannedFile
  readonly tools: SourceTools
  readonly places: Places
  readonly environment: SightingDraft['environment']
  /** What a secret in the clear is called, by where it lies. */
  readonly secretTrait: 'terraform:secret-in-state' | 'terraform:secret-in-code'
  /** What an identity is known by that has no name of its own yet; and what stands for its ARN, if not that. */
  addressOf(resource: StateResource): { readonly key: string; readonly arn?: string }
}

/** The identities among resources, whether a state, a plan or code tells of them. */
export const terraformSightings = (
  { resources, outputs }: Pick<TerraformState, 'resources' | 'outputs'>,
  around: Around,
): SourceAnswer => {
  const { places, environment, file } = around
  const users = awsIdentitiesOf(resources, (resource) => {
    const { key, arn } = around.addressOf(resource)
    return { where: places.of(resource), fallbackArn: arn ?? key }
  })
  const arns = new Map(users.map(({ type, name, arn }) => [`${type} ${name}`, arn]))
  const principals = new Map(
    resources.flatMap(({ attributes }) => {
      const client = textOf(attributes, 'client_id') || textOf(attributes, 'application_id')
      const object = textOf(attributes, 'principal_id') || textOf(attributes, 'object_id')
      return client === '' || object === '' ? [] : [[object, `azure:${client}`] as const]
    }),
  )
  const ofAws = awsSightings(users, file)
  const seen = [
    ...ofAws.sightings.map((draft) => ({ ...draft, environment: draft.environment ?? environment })),
    ...resources.flatMap((resource) => {
      const user = resource.type.startsWith('aws_iam_')
        ? arns.get(`user ${textOf(resource.attributes, 'user')}`)
        : undefined
      return resourceSightings(resource, around, user)
    }),
    ...resources.flatMap((resource) =>
      bindingsOf(resource, principals).map((binding) =>
        bindingSighting(binding, { key: around.addressOf(resource).key, where: places.of(resource), environment }),
      ),
    ),
    ...outputSightings(secretsOfOutputs(outputs), around),
  ]
  return { sightings: seen, problems: ofAws.problems }
}

/** What the names of a file give away. */
export const environmentOf = (file: ScannedFile): SightingDraft['environment'] =>
  guessEnvironment([
    { name: file.baseName, what: "the file's name" },
    { name: file.repositoryPath, what: 'the path' },
  ])

const resourceSightings = (resource: StateResource, around: Around, user: string | undefined): SightingDraft[] => {
  const { places, environment } = around
  const { type, address, attributes } = resource
  const known = resource.isManaged ? IDENTITY_TYPES.get(type) : undefined
  const where = places.of(resource)
  const traits: Trait[] = [
    ...secretsOfResource(resource)
      .filter(({ value }) => isKnown(value, around))
      .map((secret) => secretTrait(secret, address, around, resource)),
    ...factsOf(resource).map((fact) => ({ ...fact, where })),
    ...(type === 'aws_iam_access_key' ? [accessKeyTrait(resource, where)] : []),
  ]
  // A resource that is no identity tells of one only by what it holds.
  if (!known && traits.length === 0) return []
  const email = googleAccountOf(resource)
  const stableKey =
    email === undefined ? (user === undefined ? (known?.key(attributes) ?? '') : awsKey(user)) : `gcp:${email}`
  return [
    {
      kind: known?.kind ?? 'account',
      name:
        known?.name(attributes) ??
        (email === undefined
          ? user === undefined
            ? address
            : `AWS user ${textOf(attributes, 'user')}`
          : `service account ${email}`),
      stableKey: stableKey || around.addressOf(resource).key,
      where,
      reaches: [],
      evidence: [`${type} ${address}`],
      environment,
      traits,
    },
  ]
}

// A key of Google's is one of the account that it names, by its address or its whole name.
const googleAccountOf = ({ type, attributes }: StateResource): string | undefined => {
  const told = type === 'google_service_account_key' ? textOf(attributes, 'service_account_id') : ''
  return /^(?:projects\/[^/]{1,100}\/serviceAccounts\/)?([^\s/@]{1,100}@[a-z0-9.-]{1,150}\.gserviceaccount\.com)$/.exec(
    told,
  )?.[1]
}

// In code, a text with a variable in it is no secret but the place of one.
const isKnown = (value: string, { secretTrait: is }: Around): boolean =>
  is === 'terraform:secret-in-state' || !value.includes('${')

const secretTrait = (secret: StateSecret, address: string, around: Around, of?: StateResource): Trait => ({
  trait: around.secretTrait,
  detail: `${secret.attribute} of ${address}`,
  where: around.places.ofText(secret.value, of) ?? (of ? around.places.of(of) : around.file.at(1)),
  credential: around.tools.seal(secret.value, { type: secret.type, provider: 'terraform' }),
})

const accessKeyTrait = ({ attributes }: StateResource, where: Location): Trait => ({
  trait: 'aws:access-key',
  detail: accessKeyText({
    key: `ending in ${textOf(attributes, 'id').slice(-4) || 'unknown'}`,
    isActive: textOf(attributes, 'status') !== 'Inactive',
    madeOn: dayOf(textOf(attributes, 'create_date')),
    usedOn: '',
  }),
  where,
})

const bindingSighting = (
  { holder, name, reach, isBroad, isPublic, facts = [] }: Binding,
  { key, where, environment }: Pick<SightingDraft, 'where' | 'environment'> & { readonly key: string },
): SightingDraft => ({
  kind: 'account',
  name,
  stableKey: holder ?? key,
  where,
  reaches: [reach],
  evidence: [`${reach.because} on ${reach.what}`],
  environment,
  traits: [
    ...(isBroad ? [{ trait: 'terraform:broad-role', detail: `${reach.because} on ${reach.what}`, where }] : []),
    ...(isPublic ? [{ trait: 'terraform:public-role', detail: `${reach.because} on ${reach.what}`, where }] : []),
    ...facts.map((fact) => ({ ...fact, where })),
  ],
})

const outputSightings = (secrets: readonly StateSecret[], around: Around): SightingDraft[] => {
  const { file, environment } = around
  if (secrets.length === 0) return []
  return [
    {
      kind: 'account',
      name: `the outputs of ${file.repository}/${file.repositoryPath}`,
      stableKey: `terraform:${file.repository}:${file.repositoryPath}#outputs`,
      where: file.at(1),
      reaches: [],
      evidence: secrets.map(({ attribute }) => attribute),
      environment,
      traits: secrets.map((secret) => secretTrait(secret, 'the state', around)),
    },
  ]
}
