import { guessEnvironment } from '../environment.ts'
import type { ScannedFile } from '../file.ts'
import type { Reach, Trait } from '../report.ts'
import type { SightingDraft } from '../source.ts'
import { secretTypeOf } from './secrets/assignment.ts'

/** Something that a pipeline names, and where. */
export interface Place {
  readonly name: string
  readonly line: number
}

/** A job of a pipeline, whichever program runs it, as far as it is an identity. */
export interface SeenJob extends Place {
  /** The source: the first part of its stable key. */
  readonly system: string
  /** The name of the pipeline among those of the repository; empty where there is one only. */
  readonly pipeline: string
  readonly evidence: string
  readonly environment: string
  /** What it is handed: names of secrets, as the pipeline calls them. */
  readonly secrets: readonly Place[]
  readonly staticKeys: readonly (Place & { readonly provider: string })[]
  /** Audiences, or names, of the tokens by which it proves itself. */
  readonly oidc: readonly Place[]
  /** ARNs of roles that it becomes. */
  readonly roles: readonly Place[]
  readonly unpinned: readonly Place[]
  /** Events that strangers can cause, with the rights that members have (`untrusted`) or with fewer (`outside`). */
  readonly untrustedTriggers: readonly Place[]
  readonly outsideTriggers: readonly Place[]
  readonly untrustedInputs: readonly Place[]
  readonly ownMachines: readonly Place[]
  /** The token that the program gives every job. */
  readonly automaticToken: string
}

/** The sightings of a job: itself, and the roles that it becomes. */
export const ciJobSightings = (job: SeenJob, file: ScannedFile): SightingDraft[] => {
  const where = file.at(job.line)
  const name = [file.repository, job.pipeline, job.name].filter((part) => part !== '').join('/')
  const environment = guessEnvironment([
    { name: job.environment, what: 'its environment' },
    { name: job.name, what: "the job's name" },
  ])
  const roles = once(job.roles).map(
    (role): SightingDraft => ({
      kind: 'account',
      name: role.name,
      stableKey: `aws:${role.name}`,
      where: file.at(role.line),
      reaches: [],
      evidence: [`${name} becomes it with the job's OIDC token`],
      environment: guessEnvironment([{ name: role.name, what: 'its name' }]) ?? environment,
      traits: [{ trait: 'assumed-by-ci', detail: name, where: file.at(role.line) }],
    }),
  )
  return [
    {
      kind: 'ci-job',
      name,
      stableKey: `${job.system}:${file.repository}:${file.repositoryPath}#${job.name}`,
      where,
      reaches: reachesOf(job),
      evidence: [job.evidence],
      environment,
      traits: traitsOf(job, file),
    },
    ...roles,
  ]
}

const reachesOf = (job: SeenJob): Reach[] => [
  ...(job.automaticToken === ''
    ? []
    : [{ what: job.automaticToken, access: 'unknown', because: 'every job is handed it' } as const]),
  ...once(job.roles).map(({ name }): Reach => ({ what: `aws ${name}`, access: 'unknown', because: 'OIDC federation' })),
  ...once(job.staticKeys).map(
    ({ name, provider }): Reach => ({ what: `${provider} account`, access: 'unknown', because: `static key ${name}` }),
  ),
  ...once(job.secrets).map(
    ({ name }): Reach => ({ what: `secret ${name}`, access: 'read', because: 'the job is handed it' }),
  ),
]

const traitsOf = (job: SeenJob, file: ScannedFile): Trait[] => {
  const many = (name: string, places: readonly Place[]): Trait[] =>
    once(places).map((place) => ({ trait: `ci:${name}`, detail: place.name, where: file.at(place.line) }))
  const isHandedSecret = job.secrets.length + job.staticKeys.length > 0
  return [
    ...many('secret', job.secrets),
    ...many(
      'personal-token',
      job.secrets.filter(({ name }) => isPersonalToken(name)),
    ),
    ...many(
      'publish-token',
      job.secrets.filter(({ name }) => isPublishToken(name)),
    ),
    ...many('static-cloud-key', job.staticKeys),
    ...many('oidc', job.oidc),
    ...many('assumes-role', job.roles),
    // What is included runs inside the job, and may read whatever the job is handed.
    ...many(isHandedSecret ? 'unpinned-action-with-secret' : 'unpinned-action', job.unpinned),
    ...many('untrusted-trigger', job.untrustedTriggers),
    ...many('outside-trigger', job.outsideTriggers),
    ...many('untrusted-input', job.untrustedInputs),
    ...many('self-hosted', job.ownMachines),
  ]
}

/** Each name at its first place. */
const once = <Named extends Place>(places: readonly Named[]): Named[] =>
  [...new Map(places.toReversed().map((place) => [place.name, place])).values()].reverse()

/** Variables that a shell text takes, but for those that the program sets itself. */
export const variablesIn = ({ name: text, line }: Place, isAutomatic: (name: string) => boolean): Place[] => {
  const found: Place[] = []
  let lineNow = line
  let counted = 0
  for (const match of text.matchAll(VARIABLE)) {
    for (; counted < match.index; counted += 1) if (text[counted] === '\n') lineNow += 1
    const name = match[1] ?? ''
    if (!isAutomatic(name)) found.push({ name, line: lineNow })
  }
  return found
}

const VARIABLE = /\$\{?([A-Za-z_]\w{0,100})/g

/** Whether a variable of this name holds a secret. */
export const isSecretName = (name: string): boolean =>
  secretTypeOf(name) !== undefined || (staticKeyProvider(name) !== undefined && !name.toUpperCase().endsWith('_ID'))

/** The static keys among settings and variables: one a provider, for a key is often two settings (an id and a secret). */
export const staticKeysAmong = (places: readonly Place[]): (Place & { provider: string })[] => {
  const byProvider = new Map<string, Place & { provider: string }>()
  for (const place of places) {
    const provider = staticKeyProvider(place.name)
    if (provider && !byProvider.has(provider)) byProvider.set(provider, { ...place, provider })
  }
  return [...byProvider.values()]
}

/** The ARNs of roles that a text names. */
export const rolesIn = ({ name: text, line }: Place): Place[] =>
  [...text.matchAll(ROLE)].map(([name]) => ({ name, line }))

const ROLE = /\barn:aws[a-z-]{0,10}:iam::\d{12}:role\/[\w+=,.@/-]{1,120}/g

/** Whether a secret of this name is a person's. */
export const isPersonalToken = (name: string): boolean =>
  /(?:^|_)(?:PAT|PERSONAL_TOKEN|PERSONAL_ACCESS_TOKEN|GH_PAT|BOT_PAT)(?:_|$)/.test(name)

/** Whether a secret of this name publishes to a registry that takes a run's OIDC token instead ("trusted publishing"). */
export const isPublishToken = (name: string): boolean => PUBLISH.has(name)

const PUBLISH = new Set(
  (
    'NPM_TOKEN NPM_AUTH_TOKEN NODE_AUTH_TOKEN PYPI_TOKEN PYPI_API_TOKEN PYPI_PASSWORD TWINE_PASSWORD ' +
    'RUBYGEMS_API_KEY RUBYGEMS_AUTH_TOKEN GEM_HOST_API_KEY CARGO_REGISTRY_TOKEN CRATES_IO_TOKEN ' +
    'NUGET_API_KEY NUGET_TOKEN TEST_PYPI_API_TOKEN'
  ).split(' '),
)

/** Whose cloud a setting of this name signs in to with a static key, whatever the action or script is called. */
export const staticKeyProvider = (name: string): string | undefined =>
  STATIC.get(name.toUpperCase().replaceAll('-', '_'))

const STATIC = new Map<string, string>([
  ['AWS_ACCESS_KEY_ID', 'aws'],
  ['AWS_SECRET_ACCESS_KEY', 'aws'],
  ['GOOGLE_CREDENTIALS', 'gcp'],
  ['GOOGLE_APPLICATION_CREDENTIALS_JSON', 'gcp'],
  ['GCP_SA_KEY', 'gcp'],
  ['GCP_CREDENTIALS', 'gcp'],
  ['CREDENTIALS_JSON', 'gcp'],
  ['SERVICE_ACCOUNT_KEY', 'gcp'],
  ['AZURE_CREDENTIALS', 'azure'],
  ['CREDS', 'azure'],
  ['ARM_CLIENT_SECRET', 'azure'],
  ['AZURE_CLIENT_SECRET', 'azure'],
  ['AZURE_WEBAPP_PUBLISH_PROFILE', 'azure'],
  ['PUBLISH_PROFILE', 'azure'],
  ['DIGITALOCEAN_ACCESS_TOKEN', 'digitalocean'],
  ['CLOUDFLARE_API_TOKEN', 'cloudflare'],
  ['KUBE_CONFIG', 'kubernetes'],
  ['KUBECONFIG_DATA', 'kubernetes'],
  ['ALICLOUD_SECRET_KEY', 'alibaba'],
])
