import { accessKeyText, dayOf } from '../../aws/access-key.ts'
import { awsKey, awsSightings } from '../../aws/sighting.ts'
import { guessEnvironment } from '../../environment.ts'
import type { ScannedFile } from '../../file.ts'
import { isObject, parseJson, textOf } from '../../json-value.ts'
import type { Location, Problem, Trait } from '../../report.ts'
import type { SightingDraft, Source, SourceAnswer, SourceTools } from '../../source.ts'
import { awsIdentitiesOf } from './aws-resources.ts'
import { type Binding, bindingsOf } from './bindings.ts'
import { IDENTITY_TYPES } from './identity-types.ts'
import { type Places, placesIn } from './places.ts'
import { isEncryptedState, readState, type StateResource, type TerraformState } from './read-state.ts'
import { factsOf } from './resource-traits.ts'
import { type StateSecret, secretsOfOutputs, secretsOfResource } from './secrets-in-state.ts'

/** State files and plans of Terraform and OpenTofu: the identities that they made, and the secrets that they keep. */
export const terraformStateSource: Source = {
  name: 'terraform-state',
  wants: (file) => isStateFile(file) || (file.extension === 'json' && file.bytes.includes('"terraform_version"')),
  read(file, tools): SourceAnswer {
    const named = (reason: Problem['reason'], detail: string): SourceAnswer => ({
      sightings: [],
      problems: isStateFile(file) ? [{ path: file.path, reason, detail }] : [],
    })
    if (file.bytes.length === 0) return named('bad-json', 'the file is empty')
    const root = parseJson(file.text)
    if (!isObject(root)) return named('bad-json', 'broken JSON')
    if (isEncryptedState(root)) return named('incomplete', 'an encrypted state: nothing of it can be read')
    const state = readState(root)
    if (!state) return named('bad-json', 'no state of Terraform')
    return {
      sightings: sightingsOf(state, file, tools),
      problems:
        state.leftOut > 0
          ? [{ path: file.path, reason: 'too-many', detail: `more resources than are read: ${state.leftOut} left out` }]
          : [],
    }
  },
}

const isStateFile = ({ baseName }: ScannedFile): boolean => /\.tfstate(?:\.backup|\.\d{1,20}\.backup)?$/.test(baseName)

const sightingsOf = (state: TerraformState, file: ScannedFile, tools: SourceTools): SightingDraft[] => {
  const places = placesIn(file)
  const keyOf = ({ address }: StateResource) => `terraform:${file.repository}:${file.repositoryPath}#${address}`
  const users = awsIdentitiesOf(state.resources, (resource) => ({
    where: places.of(resource),
    fallbackArn: keyOf(resource),
  }))
  const arns = new Map(users.map(({ type, name, arn }) => [`${type} ${name}`, arn]))
  const principals = new Map(
    state.resources.flatMap(({ attributes }) => {
      const client = textOf(attributes, 'client_id') || textOf(attributes, 'application_id')
      const object = textOf(attributes, 'principal_id') || textOf(attributes, 'object_id')
      return client === '' || object === '' ? [] : [[object, `azure:${client}`] as const]
    }),
  )
  const environment = guessEnvironment([
    { name: file.baseName, what: "the file's name" },
    { name: file.repositoryPath, what: 'the path' },
  ])
  const awsDrafts = awsSightings(users).map((draft) => ({ ...draft, environment: draft.environment ?? environment }))
  return [
    ...awsDrafts,
    ...state.resources.flatMap((resource) => {
      const user = resource.type.startsWith('aws_iam_')
        ? arns.get(`user ${textOf(resource.attributes, 'user')}`)
        : undefined
      return resourceSightings(resource, { file, tools, places, environment, fallback: keyOf(resource), user })
    }),
    ...state.resources.flatMap((resource) =>
      bindingsOf(resource, principals).map((binding) => bindingSighting(binding, places.of(resource), environment)),
    ),
    ...outputSightings(secretsOfOutputs(state.outputs), { file, tools, places, environment }),
  ]
}

interface Around {
  readonly file: ScannedFile
  readonly tools: SourceTools
  readonly places: Places
  readonly environment: SightingDraft['environment']
}

const resourceSightings = (
  resource: StateResource,
  around: Around & { readonly fallback: string; readonly user: string | undefined },
): SightingDraft[] => {
  const { places, environment, fallback, user } = around
  const { type, address, attributes } = resource
  const known = resource.isManaged ? IDENTITY_TYPES.get(type) : undefined
  const where = places.of(resource)
  const traits: Trait[] = [
    ...secretsOfResource(resource).map((secret) => secretTrait(secret, address, around)),
    ...factsOf(resource).map((fact) => ({ ...fact, where })),
    ...(type === 'aws_iam_access_key' ? [accessKeyTrait(resource, where)] : []),
  ]
  // A resource that is no identity tells of one only by what it holds.
  if (!known && traits.length === 0) return []
  const stableKey = user === undefined ? (known?.key(attributes) ?? '') : awsKey(user)
  return [
    {
      kind: known?.kind ?? 'account',
      name: known?.name(attributes) ?? (user === undefined ? address : `AWS user ${textOf(attributes, 'user')}`),
      stableKey: stableKey || fallback,
      where,
      reaches: [],
      evidence: [`${type} ${address}`],
      environment,
      traits,
    },
  ]
}

const secretTrait = (secret: StateSecret, address: string, { tools, places, file }: Around): Trait => ({
  trait: 'terraform:secret-in-state',
  detail: `${secret.attribute} of ${address}`,
  where: places.ofText(secret.value) ?? file.at(1),
  credential: tools.seal(secret.value, { type: secret.type, provider: 'terraform' }),
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
  { holder, name, reach, isBroad, isPublic }: Binding,
  where: Location,
  environment: SightingDraft['environment'],
): SightingDraft => ({
  kind: 'account',
  name,
  stableKey: holder,
  where,
  reaches: [reach],
  evidence: [`${reach.because} on ${reach.what}`],
  environment,
  traits: [
    ...(isBroad ? [{ trait: 'terraform:broad-role', detail: `${reach.because} on ${reach.what}`, where }] : []),
    ...(isPublic ? [{ trait: 'terraform:public-role', detail: `${reach.because} on ${reach.what}`, where }] : []),
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
