import type { ScannedFile } from '../../file.ts'
import type { KubernetesObject } from './objects.ts'

/** How the objects of a file are named: as far as the file, and where it lies, tell. */
export interface Names {
  /** The cluster's, or else the repository's: what one scope names is one thing. */
  readonly scope: string
  namespaceOf(written: string): string
  /** Every account of a kind has one key in every file. */
  accountKey(namespace: string, name: string): string
  subjectKey(kind: 'user' | 'group', name: string): string
}

/** The namespace that nothing says. */
export const UNSAID = '-'

/** Names for the objects of one file. */
export const namesFor = (file: ScannedFile, objects: readonly KubernetesObject[]): Names => {
  const cluster = CLUSTER_FOLDER.exec(fromClusters(file))?.[1]
  const scope = cluster === undefined ? file.repository : `${file.repository}/${cluster}`
  const assumed = namespaceOfSubjects(objects) ?? UNSAID
  return {
    scope,
    namespaceOf: (written) => (written === '' ? assumed : written),
    accountKey: (namespace, name) => `kubernetes:${scope}:serviceaccount/${namespace}/${name}`,
    subjectKey: (kind, name) => `kubernetes:${scope}:${kind}/${name}`,
  }
}

// `reeve scan clusters` outside of a repository: the folder is then what the repository is called, and not on the way.
const fromClusters = ({ repository, repositoryPath }: ScannedFile): string =>
  repository === 'clusters' ? `clusters/${repositoryPath}` : repositoryPath

// The layout that Flux and Argo CD have their users keep: a folder for each cluster.
const CLUSTER_FOLDER = /(?:^|\/)clusters\/([\w.-]{1,60})\//

// Who writes accounts without a namespace must still write it in a cluster-wide binding of them (RBAC knows no other
// way): if all such bindings of the file agree, it is the namespace that the file is made for.
const namespaceOfSubjects = (objects: readonly KubernetesObject[]): string | undefined => {
  const homeless = new Set(
    objects.filter(({ kind, namespace }) => kind === 'ServiceAccount' && namespace === '').map(({ name }) => name),
  )
  const named = new Set(
    objects
      .filter(({ kind }) => kind === 'ClusterRoleBinding')
      .flatMap(({ value }) => value.get('subjects')?.items() ?? [])
      .filter((subject) => homeless.has(subject.get('name')?.text ?? ''))
      .map((subject) => subject.get('namespace')?.text ?? ''),
  )
  const [only = ''] = named
  return named.size === 1 && only !== '' ? only : undefined
}
