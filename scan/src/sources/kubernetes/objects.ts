import type { ScannedFile } from '../../file.ts'
import { readJson } from '../../json-file.ts'
import type { Problem } from '../../report.ts'
import { eachDocument, isYaml, type YamlValue } from '../../yaml-file.ts'
import { embeddedPods } from './pods.ts'

/** One object of a manifest, or of a dump of a cluster. */
export interface KubernetesObject {
  readonly kind: string
  /** As it is written; empty where the file leaves it to whoever applies it. */
  readonly namespace: string
  readonly name: string
  readonly line: number
  readonly value: YamlValue
  /** It came out of a cluster, in a list that was not cut: what else is there of its kind is beside it. */
  readonly isListed: boolean
}

/** Whether a file may hold objects: cheap. */
export const mayHoldObjects = (file: ScannedFile): boolean =>
  (isYaml(file) && file.bytes.includes('apiVersion:')) ||
  (file.extension === 'json' && file.bytes.includes('"apiVersion"') && file.bytes.includes('"kind"'))

/** The objects of a file that identities are seen in, out of lists as well. */
export const objectsIn = (
  file: ScannedFile,
): { objects: readonly KubernetesObject[]; problems: readonly Problem[] } => {
  const objects: KubernetesObject[] = []
  const problems: Problem[] = []
  const take = (root: YamlValue): void => {
    for (const object of flatten(root, NO_LIST, 0)) {
      if (objects.length < OBJECTS_MAX) objects.push(object)
      else if (problems.length === 0) {
        problems.push({ path: file.path, reason: 'too-many', detail: `more than ${OBJECTS_MAX} Kubernetes objects` })
      }
    }
  }
  if (isYaml(file)) for (const document of eachDocument(file, (text) => WANTED.test(text))) take(document)
  else {
    const { root, problems: broken } = readJson(file)
    problems.push(...broken)
    if (root) take(root)
  }
  return { objects, problems }
}

const OBJECTS_MAX = 20_000
const LISTS_DEPTH_MAX = 3

export const WORKLOADS: ReadonlySet<string> = new Set([
  ...['Pod', 'Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'ReplicationController', 'Job', 'CronJob'],
])
const KINDS = new Set([
  ...WORKLOADS,
  ...[
    'ServiceAccount',
    'Secret',
    'PersistentVolume',
    'PersistentVolumeClaim',
    'Role',
    'ClusterRole',
    'RoleBinding',
    'ClusterRoleBinding',
  ],
])
const WANTED =
  /\bkind["']?:[ \t]{0,9}["']?(?:Pod|Deployment|StatefulSet|DaemonSet|ReplicaSet|ReplicationController|Job|CronJob|ServiceAccount|Secret|PersistentVolume(?:Claim)?|(?:Cluster)?Role(?:Binding)?|[A-Za-z]{0,40}List)\b|\bserviceAccountName["']?:/

// The items of a list of one kind may leave their kind out, as the API does.
function* flatten(value: YamlValue, list: ListOfKind, depth: number): Generator<KubernetesObject> {
  const kind = value.get('kind')?.text ?? list.kind
  const items = value.get('items')
  if (kind.endsWith('List') && items?.isList && depth < LISTS_DEPTH_MAX) {
    // The API answers a page at a time to whoever asks for it: a page says where the next one goes on.
    const isWhole = !value.get('metadata')?.get('continue')?.text && (depth === 0 || list.isWhole)
    const inside = { kind: kind.slice(0, -'List'.length), isWhole }
    for (const item of items.items()) yield* flatten(item, inside, depth + 1)
    return
  }
  const metadata = value.get('metadata')
  const name = metadata?.get('name')?.text ?? metadata?.get('generateName')?.text
  if (name === undefined || (depth === 0 && !value.get('apiVersion'))) return
  if (!KINDS.has(kind) && !startsPods(kind, value)) return
  const namespace = CLUSTER_WIDE.has(kind) ? '' : (metadata?.get('namespace')?.text ?? '')
  // Only a cluster gives a `uid`. One object alone, which was fetched to be changed and put back, has one as well.
  const isListed = list.isWhole && Boolean(metadata?.get('uid')?.text)
  yield { kind, namespace, name, line: metadata?.get('name')?.line ?? value.line, value, isListed }
}

interface ListOfKind {
  readonly kind: string
  readonly isWhole: boolean
}

const NO_LIST: ListOfKind = { kind: '', isWhole: false }

// Kinds of operators have a group of their own in front of their version; a definition of a kind starts nothing.
const startsPods = (kind: string, value: YamlValue): boolean =>
  kind !== 'CustomResourceDefinition' &&
  (value.get('apiVersion')?.text ?? '').includes('.') &&
  embeddedPods(value).length > 0

const CLUSTER_WIDE = new Set(['ClusterRole', 'ClusterRoleBinding', 'PersistentVolume'])
