import { isStrongCapability } from '../../capabilities.ts'
import type { Reach, Trait } from '../../report.ts'
import type { YamlValue } from '../../yaml-file.ts'
import { argumentSettings, commandWords } from '../argument-settings.ts'
import { openDoorTraits, type ProgramSetting, settingReaches, settingTraits } from '../settings.ts'
import { hostPathTrait } from './host-path.ts'
import { type KubernetesObject, WORKLOADS } from './objects.ts'
import { CONTAINER_LISTS, containersOf, embeddedPods, podOf } from './pods.ts'
import { accountDraft, type InFile, ownerOf, type See, type Seen } from './seen.ts'
import { claimFacts } from './volumes.ts'

/** What starts pods: the account that they run as is handed what they are handed. */
export const workloadSeen: See = (object, at) => {
  const own = podOf(object.kind, object.value)
  const pods = WORKLOADS.has(object.kind) ? (own ? [own] : []) : embeddedPods(object.value)
  const seen = pods.map((pod) => podSeen(pod, object, at))
  return {
    sightings: seen.flatMap(({ sightings }) => sightings ?? []),
    facts: seen.flatMap(({ facts }) => facts ?? []),
  }
}

const podSeen = (pod: YamlValue, object: KubernetesObject, at: InFile): Seen => {
  const name = pod.get('serviceAccountName')?.text || pod.get('serviceAccount')?.text || 'default'
  const { namespace } = object
  const where = at.file.at(object.line)
  const workload = `${object.kind} ${namespace}/${object.name}`
  const account = { namespace, name }
  const containers = containersOf(pod)
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
          mounts: mountsOf(pod),
        },
        where,
      },
      ...claimFacts(object, pod, at.names.accountKey(namespace, name), at),
    ],
  }
}

// A token is mounted where there is a pod; what only names an account may act as it by other means.
const mountsOf = (pod: YamlValue): string => {
  const mounts = pod.get('automountServiceAccountToken')?.text
  if (mounts === 'true') return 'yes'
  return mounts === 'false' || pod.get('containers') === undefined ? 'no' : ''
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
