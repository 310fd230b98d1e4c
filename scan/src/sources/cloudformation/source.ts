import { OWN_ACCOUNT } from '../../aws/account.ts'
import { awsKey, awsSightings } from '../../aws/sighting.ts'
import { guessEnvironment } from '../../environment.ts'
import type { ScannedFile } from '../../file.ts'
import { readJson } from '../../json-file.ts'
import { objectOf, objectsOf, textOf } from '../../json-value.ts'
import type { Trait } from '../../report.ts'
import type { SightingDraft, Source, SourceAnswer, SourceTools } from '../../source.ts'
import { readYaml, type YamlValue } from '../../yaml-file.ts'
import { settingReaches, settingTraits } from '../settings.ts'
import { identitiesOf } from './identities.ts'
import { secretParameters } from './parameters.ts'
import { resourcesOf, type TemplateResource } from './template.ts'

/** Templates of CloudFormation and of its serverless form: what they make that acts, and what they hand it. */
export const cloudformationSource: Source = {
  name: 'cloudformation',
  standing: 'declared',
  wants: (file) =>
    EXTENSIONS.has(file.extension) &&
    file.bytes.includes('AWS::') &&
    file.bytes.includes('Resources') &&
    TYPE.test(file.latin1()),
  read(file, tools): SourceAnswer {
    const isJson = /^\s{0,100}[{[]/.test(file.text())
    const json = isJson ? readJson(file) : undefined
    const roots: readonly YamlValue[] = json ? (json.root ? [json.root] : []) : readYaml(file).documents
    const key = (id: string) => `cloudformation:${file.repository}:${file.repositoryPath}#${id}`
    const arnOf = (type: string, id: string) =>
      `arn:aws:iam::${OWN_ACCOUNT}:${type
        .replace(/^AWS::IAM::|^AWS::/, '')
        .replaceAll('::', '-')
        .toLowerCase()}/${key(id)}`
    const resources = roots.flatMap((root) => resourcesOf(root, arnOf)).slice(0, RESOURCES_MAX)
    const ofAws = awsSightings(identitiesOf(resources, arnOf, file), file)
    const holders = [
      ...resources.flatMap((resource) => programSighting(resource, key(resource.id), file, tools)),
      ...resources.flatMap((resource) => holderSighting(resource, key(resource.id), file, tools)),
    ]
    // A value that is told where it is used is told once.
    const told = new Set(
      holders.flatMap(({ traits }) => traits.flatMap(({ credential }) => credential?.fingerprint ?? [])),
    )
    const isNew = ({ traits }: SightingDraft) =>
      !traits.some(({ credential }) => told.has(credential?.fingerprint ?? ''))
    const parameters = resources.length === 0 ? [] : roots.flatMap((root) => secretParameters(root, key, file, tools))
    return {
      sightings: [...ofAws.sightings, ...holders, ...parameters.filter(isNew)],
      problems: [...ofAws.problems, ...(json?.problems ?? [])],
    }
  },
}

const EXTENSIONS = new Set(['json', 'yml', 'yaml', 'template'])
const TYPE = /["']?Type["']?[ \t]{0,20}:[ \t]{0,20}["']?AWS::[A-Z]/
const RESOURCES_MAX = 10_000

const environmentOf = (id: string, file: ScannedFile) =>
  guessEnvironment([
    { name: id, what: "the resource's name" },
    { name: file.repositoryPath, what: 'the path' },
  ])

// A function or a task acts with a role, and with what it is handed in its environment.
const programSighting = (
  { id, type, line, properties, lineOf }: TemplateResource,
  stableKey: string,
  file: ScannedFile,
  tools: SourceTools,
): SightingDraft[] => {
  if (!PROGRAMS.has(type)) return []
  const inContainers = objectsOf(properties.ContainerDefinitions).flatMap(({ Environment }) =>
    objectsOf(Environment).map((one) => [textOf(one, 'Name'), textOf(one, 'Value')] as const),
  )
  const variables = Object.entries(objectOf(objectOf(properties.Environment).Variables)).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as const] : [],
  )
  const settings = [...variables, ...inContainers]
    // What a variable or a secret manager gives is none of this file's.
    .filter(([, value]) => !value.includes('${') && !value.includes('{{resolve:'))
    .map(([name, value]) => ({ name, value, where: placeOf(name, file) ?? file.at(lineOf('Environment')) }))
  const role = textOf(properties, 'Role') || textOf(properties, 'TaskRoleArn')
  return [
    {
      kind: 'service',
      name: `${type.split('::').at(-1)?.toLowerCase() ?? 'program'} ${textOf(properties, 'FunctionName') || id}`,
      stableKey,
      where: file.at(line),
      reaches: [
        ...(role === '' ? [] : [{ what: role, access: 'unknown' as const, because: 'it acts with this role' }]),
        ...settings.flatMap(settingReaches),
      ],
      evidence: [`${type} ${id}`],
      environment: environmentOf(id, file),
      traits: settings.flatMap((setting) => settingTraits(setting, tools)),
    },
  ]
}

const PROGRAMS = new Set(['AWS::Lambda::Function', 'AWS::Serverless::Function', 'AWS::ECS::TaskDefinition'])

// The first user of a database, the key of a user, and whatever else is a secret by its place.
const holderSighting = (
  { id, type, line, properties, lineOf }: TemplateResource,
  stableKey: string,
  file: ScannedFile,
  tools: SourceTools,
): SightingDraft[] => {
  const where = file.at(line)
  const secret = SECRETS.get(type)
  const value = secret ? textOf(properties, secret) : ''
  const isLiteral = value !== '' && !value.includes('${') && !value.includes('{{resolve:')
  const traits: Trait[] = [
    ...(secret && isLiteral
      ? [
          {
            trait: 'secret-in-settings',
            detail: `${secret} of ${id}`,
            where: file.at(lineOf(secret)),
            credential: tools.seal(value, { type: 'password', provider: 'aws' }),
          },
        ]
      : []),
    ...(type === 'AWS::IAM::AccessKey'
      ? [{ trait: 'credential:made-by-code', detail: `access key ${id}`, where }]
      : []),
    ...(type === 'AWS::Lambda::Permission' &&
    textOf(properties, 'Principal') === '*' &&
    !properties.SourceArn &&
    !properties.PrincipalOrgID
      ? [{ trait: 'account:public', detail: `everybody may ${textOf(properties, 'Action')}`, where }]
      : []),
  ]
  const user = textOf(properties, 'MasterUsername')
  if (traits.length === 0 && user === '') return []
  return [
    {
      kind: 'account',
      name: user === '' ? `${type.split('::').at(-1)} ${id}` : `database user ${user} of ${id}`,
      stableKey: user === '' ? stableKey : awsKey(`${stableKey}/${user}`),
      where,
      reaches: [],
      evidence: [`${type} ${id}`],
      environment: environmentOf(id, file),
      traits,
    },
  ]
}

const SECRETS = new Map([
  ['AWS::RDS::DBInstance', 'MasterUserPassword'],
  ['AWS::RDS::DBCluster', 'MasterUserPassword'],
  ['AWS::Redshift::Cluster', 'MasterUserPassword'],
  ['AWS::DocDB::DBCluster', 'MasterUserPassword'],
  ['AWS::SecretsManager::Secret', 'SecretString'],
])

const placeOf = (name: string, file: ScannedFile) => {
  const at = name.length > 2 ? file.bytes.indexOf(name) : -1
  return at === -1 ? undefined : file.at(file.lineAt(at))
}
