import { isStrongCapability } from '../../capabilities.ts'
import { guessEnvironment } from '../../environment.ts'
import type { ScannedFile } from '../../file.ts'
import type { Kind, Reach, Trait } from '../../report.ts'
import type { SightingDraft, Source, SourceAnswer, SourceTools } from '../../source.ts'
import { isYaml, readYaml } from '../../yaml-file.ts'
import { argumentSettings } from '../argument-settings.ts'
import { openDoorTraits, type ProgramSetting, settingReaches, settingTraits } from '../settings.ts'
import { accountsOf } from './accounts.ts'
import { readStack, type Stack, type StackService } from './stack.ts'

/** docker-compose files: each service is an identity, and so is each account that one makes, as databases do. */
export const composeSource: Source = {
  name: 'compose',
  wants: isYaml,
  read(file, tools): SourceAnswer {
    const root = readYaml(file).documents[0]
    const services = root?.get('services')
    const hasName = /(?:^|[^a-z])compose/i.test(file.baseName)
    if (!root || !services?.isMap) {
      const isCompose = hasName && root?.get('include') === undefined
      return {
        sightings: [],
        problems: isCompose ? [{ path: file.path, reason: 'not-a-compose-file', detail: 'no services in it' }] : [],
      }
    }
    const looksLike = services
      .entries()
      .some(({ value }) => value.get('image') !== undefined || value.get('build') !== undefined)
    if (!hasName && !looksLike) return { sightings: [], problems: [] }
    const stack = readStack(root)
    return { sightings: stack.services.flatMap((service) => sightingsOf(service, stack, file, tools)), problems: [] }
  },
}

const sightingsOf = (service: StackService, stack: Stack, file: ScannedFile, tools: SourceTools): SightingDraft[] => {
  const settings = service.environment.map(
    ({ name, value, line }): ProgramSetting => ({ name, value, where: file.at(line) }),
  )
  const handed = service.commands.flatMap(({ words, line }) => argumentSettings(words, file.at(line)))
  const accounts = accountsOf(settings, service.image)
  const made = accounts.filter(({ name, isMadeHere }) => isMadeHere && name !== '')
  const isOfMade = (setting: ProgramSetting) => made.some(({ passwords }) => passwords.includes(setting))
  const userOf = (setting: ProgramSetting) => accounts.find(({ passwords }) => passwords.includes(setting))?.name
  const environment = guessEnvironment([
    { name: file.baseName, what: "the file's name" },
    { name: service.name, what: "the service's name" },
    { name: file.repositoryPath, what: 'the path' },
  ])
  const owner = OWNER_LABELS.map((label) => ({ label, value: service.labels.get(label) })).find(({ value }) => value)
  const identity: SightingDraft = {
    kind: kindOf(service),
    name: `${file.repository}/${service.name}`,
    stableKey: `compose:${file.repository}:${file.repositoryPath}#${service.name}`,
    where: file.at(service.line),
    reaches: reachesOf(service, settings),
    evidence: [`service ${service.name} of ${file.baseName}${service.image ? `, image ${service.image}` : ''}`],
    environment,
    ...(owner?.value ? { ownerHint: { value: owner.value, because: `label ${owner.label}` } } : {}),
    traits: [
      ...containerTraits(service, stack, file),
      ...[...settings.filter((setting) => !isOfMade(setting)), ...handed].flatMap((setting) =>
        settingTraits(setting, tools, userOf(setting)),
      ),
      ...settings.flatMap(openDoorTraits),
    ],
  }
  const madeAccounts = made.map(
    ({ name, from, passwords }): SightingDraft => ({
      kind: 'account',
      name: `${name} at ${file.repository}/${service.name}`,
      stableKey: `account:compose:${file.repository}:${file.repositoryPath}#${service.name}/${name}`,
      where: from.where,
      reaches: [{ what: `${file.repository}/${service.name}`, access: 'admin', because: `${from.name} creates it` }],
      evidence: [`${from.name} of service ${service.name}`],
      environment,
      traits: passwords.flatMap((setting) => settingTraits(setting, tools, name)),
    }),
  )
  return [identity, ...madeAccounts]
}

// A container is a service, unless its name says that it acts on its own or for people.
const kindOf = ({ name, image }: StackService): Kind => {
  const words = `${name} ${image}`.toLowerCase().split(/[^a-z]+/)
  if (words.includes('agent') && !words.includes('datadog')) return 'agent'
  return words.includes('bot') ? 'bot' : 'service'
}

const OWNER_LABELS = ['reeve.owner', 'reeve.team', 'owner', 'team', 'com.example.owner', 'com.example.team']

const reachesOf = (service: StackService, settings: readonly ProgramSetting[]): Reach[] => [
  ...(service.isPrivilegedAt !== undefined
    ? [{ what: 'the host, as root', access: 'admin', because: 'privileged: true' } as const]
    : []),
  ...(service.volumes.some(({ text }) => SOCKET.test(text))
    ? [{ what: 'the host, through the container engine', access: 'admin', because: 'its socket is mounted' } as const]
    : []),
  ...service.dependsOn.map((name): Reach => ({ what: `service ${name}`, access: 'unknown', because: 'depends_on' })),
  ...service.envFiles.map(
    ({ text }): Reach => ({ what: `whatever the settings in ${text} reach`, access: 'unknown', because: 'env_file' }),
  ),
  ...service.secrets.map(({ text }): Reach => ({ what: `secret ${text}`, access: 'read', because: 'secrets' })),
  ...settings.flatMap(settingReaches),
]

const SOCKET = /(?:docker|podman|containerd|crio)\.sock/

const containerTraits = (service: StackService, stack: Stack, file: ScannedFile): Trait[] => {
  const trait = (name: string, detail: string, line: number): Trait => ({
    trait: `compose:${name}`,
    detail,
    where: file.at(line),
  })
  const sharedFiles = service.envFiles.filter(({ text }) =>
    stack.services.some((other) => other.name !== service.name && other.envFiles.some((path) => path.text === text)),
  )
  return [
    ...(service.isPrivilegedAt === undefined ? [] : [trait('privileged', service.name, service.isPrivilegedAt)]),
    ...service.volumes
      .filter(({ text }) => SOCKET.test(text))
      .map(({ text, line }) => trait('engine-socket', text, line)),
    ...service.hostNamespaces.map(({ text, line }) => trait('host-namespace', text, line)),
    ...service.capabilities
      .filter(({ text }) => isStrongCapability(text))
      .map(({ text, line }) => trait('strong-capability', text, line)),
    ...service.ports
      .filter(({ target, address }) => ADMIN_PORTS.has(target) && OPEN_ADDRESSES.has(address))
      .map(({ target, line }) => trait('published-to-all', `${ADMIN_PORTS.get(target)} on port ${target}`, line)),
    ...sharedFiles.map(({ text, line }) => trait('shared-env-file', text, line)),
  ]
}

const OPEN_ADDRESSES = new Set(['', '0.0.0.0', '::'])

// What stands behind them was made for one network, not for all: stores, brokers, and what administers.
const ADMIN_PORTS = new Map([
  [1433, 'SQL Server'],
  [1521, 'Oracle'],
  [2375, 'the Docker engine'],
  [2379, 'etcd'],
  [3306, 'MySQL'],
  [5432, 'PostgreSQL'],
  [5672, 'AMQP'],
  [5984, 'CouchDB'],
  [6379, 'Redis'],
  [7687, 'Neo4j'],
  [8123, 'ClickHouse'],
  [8200, 'Vault'],
  [8500, 'Consul'],
  [9042, 'Cassandra'],
  [9092, 'Kafka'],
  [9200, 'Elasticsearch'],
  [11211, 'memcached'],
  [15672, 'the RabbitMQ console'],
  [27017, 'MongoDB'],
])
