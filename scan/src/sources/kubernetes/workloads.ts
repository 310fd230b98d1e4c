import { isStrongCapability } from '../../capabilities.ts'
import type { Reach, Trait } from '../../report.ts'
import type { YamlValue } from '../../yaml-file.ts'
import { argumentSettings, commandWords } from '../argument-settings.ts'
import { openDoorTraits, type ProgramSetting, settingReaches, settingTraits } from '../settings.ts'
import { hostPathTrait } from './host-path.ts'
import type { KubernetesObject } from './objects.ts'
import { accountDraft, type InFile, ownerOf, type See } from './seen.ts'
import { claimFacts } from './volumes.ts'

/** What starts pods: the account that they run as is handed what they are handed. */
export const workloadSeen: See = (object, at) => {
  const pod = podOf(object)
  if (!pod) return {}
  const name = pod.get('serviceAccountName')?.text || pod.get('serviceAccount')?.text || 'default'
  const { namespace } = object
  const where = at.file.at(object.line)
  const workload = `${object.kind} ${namespace}/${object.name}`
  const account = { namespace, name }
  const mounts = pod.get('automountServiceAccountToken')?.text
  const containers = CONTAINER_LISTS.flatMap((list) => pod.get(list)?.items() ?? []).slice(0, CONTAINERS_MAX)
  return {
    sightings: [
      {
        ...accountDraft(account, at, where, `${workload} runs as it`),
        ...ownerOf(object.value),
        reaches: [...hostReaches(pod, containers), ...containers.flatMap((container) => handedReaches(container, at))],
        traits: [
          ...hostTraits(pod, containers, workload, at),
          ...containers.flatMap((container) => handedTraits(container, at)),
        ],
      },
    ],
    facts: [
      {
        type: 'runs',
        fields: {
          account: at.names.accountKey(namespace, name),
          namespace,
          name: `${namespace}/${name}`,
          workload,
          application: applicationOf(object),
          mounts: mounts === 'false' ? 'no' : mounts === 'true' ? 'yes' : '',
        },
        where,
      },
      ...claimFacts(object, pod, at.names.accountKey(namespace, name), at),
    ],
  }
}

const CONTAINER_LISTS = ['initContainers', 'containers', 'ephemeralContainers']
const CONTAINERS_MAX = 200

const podOf = ({ kind, value }: KubernetesObject): YamlValue | undefined => {
  const spec = value.get('spec')
  if (kind === 'Pod') return spec
  const owner = kind === 'CronJob' ? spec?.get('jobTemplate')?.get('spec') : spec
  return owner?.get('template')?.get('spec')
}

// What belongs together may share an account; a pod of a dump belongs to what made it.
const applicationOf = ({ value, name }: KubernetesObject): string => {
  const metadata = value.get('metadata')
  const labels = metadata?.get('labels')
  for (const key of [
    'app.kubernetes.io/part-of',
    'app.kubernetes.io/instance',
    'app.kubernetes.io/name',
    'app',
    'k8s-app',
  ]) {
    const label = labels?.get(key)?.text
    if (label) return label
  }
  return metadata?.get('ownerReferences')?.items()[0]?.get('name')?.text ?? name
}

const settingsOf = (container: YamlValue, { file }: InFile): ProgramSetting[] =>
  (container.get('env')?.items() ?? []).flatMap((variable) => {
    const name = variable.get('name')?.text
    const value = variable.get('value')
    return name !== undefined && value?.text !== undefined
      ? [{ name, value: value.text, where: file.at(value.textLine) }]
      : []
  })

const argumentsOf = (container: YamlValue, { file }: InFile): ProgramSetting[] => {
  const [command, args] = [container.get('command'), container.get('args')]
  const { line } = args ?? command ?? container
  return argumentSettings(commandWords(command, args), file.at(line))
}

const handedTraits = (container: YamlValue, at: InFile): Trait[] => [
  ...argumentsOf(container, at).flatMap((setting) => settingTraits(setting, at.tools)),
  ...settingsOf(container, at).flatMap((setting) => [...settingTraits(setting, at.tools), ...openDoorTraits(setting)]),
  ...(container.get('envFrom')?.items() ?? []).flatMap((from): Trait[] => {
    const name = from.get('secretRef')?.get('name')
    return name?.text === undefined
      ? []
      : [{ trait: 'k8s:whole-secret', detail: `Secret ${name.text}`, where: at.file.at(name.line) }]
  }),
]

const handedReaches = (container: YamlValue, at: InFile): Reach[] => [
  ...(container.get('env')?.items() ?? []).flatMap((variable): Reach[] => {
    const ref = variable.get('valueFrom')?.get('secretKeyRef')
    const name = ref?.get('name')?.text
    return name === undefined
      ? []
      : [
          {
            what: `secret ${name}/${ref?.get('key')?.text ?? ''}`,
            access: 'read',
            because: `env ${variable.get('name')?.text ?? ''}`,
          },
        ]
  }),
  ...(container.get('envFrom')?.items() ?? []).flatMap((from): Reach[] => {
    const name = from.get('secretRef')?.get('name')?.text
    return name === undefined ? [] : [{ what: `secret ${name}`, access: 'read', because: 'envFrom' }]
  }),
  ...settingsOf(container, at).flatMap(settingReaches),
]

const isTrue = (value: YamlValue | undefined): boolean => value?.text === 'true'

const hostPathsOf = (pod: YamlValue) =>
  (pod.get('volumes')?.items() ?? []).flatMap((volume) => {
    const path = volume.get('hostPath')?.get('path')
    if (path?.text === undefined) return []
    const name = volume.get('name')?.text
    // It counts as written to unless each container says that it only reads.
    const mounts = CONTAINER_LISTS.flatMap((list) => pod.get(list)?.items() ?? [])
      .flatMap((container) => container.get('volumeMounts')?.items() ?? [])
      .filter((mount) => mount.get('name')?.text === name)
    const isReadOnly = mounts.length > 0 && mounts.every((mount) => isTrue(mount.get('readOnly')))
    return [{ path: path.text, line: path.line, isReadOnly }]
  })

const hostReaches = (pod: YamlValue, containers: readonly YamlValue[]): Reach[] => [
  ...(containers.some((container) => isTrue(container.get('securityContext')?.get('privileged')))
    ? [{ what: 'the node, as root', access: 'admin', because: 'privileged: true' } as const]
    : []),
  ...hostPathsOf(pod).map(
    ({ path, isReadOnly }): Reach => ({
      what: `${path} on the node`,
      access: isReadOnly ? 'read' : 'write',
      because: 'hostPath',
    }),
  ),
]

const hostTraits = (pod: YamlValue, containers: readonly YamlValue[], workload: string, { file }: InFile): Trait[] => [
  ...containers.flatMap((container): Trait[] => {
    const security = container.get('securityContext')
    const privileged = security?.get('privileged')
    const added = security?.get('capabilities')?.get('add')?.items() ?? []
    return [
      ...(isTrue(privileged)
        ? [{ trait: 'k8s:privileged', detail: workload, where: file.at(privileged?.line ?? container.line) }]
        : []),
      ...added
        .filter(({ text }) => isStrongCapability(text ?? ''))
        .map(({ text, line }) => ({
          trait: 'k8s:strong-capability',
          detail: `${text} in ${workload}`,
          where: file.at(line),
        })),
    ]
  }),
  ...hostPathsOf(pod).flatMap(({ path, line, isReadOnly }) =>
    hostPathTrait({ path, isReadOnly, workload, by: '', where: file.at(line) }),
  ),
  ...['hostNetwork', 'hostPID', 'hostIPC']
    .filter((key) => isTrue(pod.get(key)))
    .map((key) => ({
      trait: 'k8s:host-namespace',
      detail: `${key} in ${workload}`,
      where: file.at(pod.get(key)?.line ?? 1),
    })),
]
