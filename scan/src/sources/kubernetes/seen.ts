import { guessEnvironment } from '../../environment.ts'
import type { ScannedFile } from '../../file.ts'
import type { Location } from '../../report.ts'
import type { Fact, OtherForm, SightingDraft, SourceTools } from '../../source.ts'
import type { YamlValue } from '../../yaml-file.ts'
import type { Names } from './names.ts'
import type { KubernetesObject } from './objects.ts'

/** What one object shows. */
export interface Seen {
  readonly sightings?: readonly SightingDraft[]
  readonly facts?: readonly Fact[]
  readonly otherForms?: readonly OtherForm[]
}

export interface InFile {
  readonly file: ScannedFile
  readonly names: Names
  readonly tools: SourceTools
}

/** Reads one object, whose namespace is known as far as the file tells it. */
export type See = (object: KubernetesObject, at: InFile) => Seen

/** A service account as far as one object tells of it. */
export const accountDraft = (
  { namespace, name }: { namespace: string; name: string },
  { file, names }: InFile,
  where: Location,
  evidence: string,
): SightingDraft => ({
  kind: 'service',
  name: `${namespace}/${name} in ${names.scope}`,
  stableKey: names.accountKey(namespace, name),
  where,
  reaches: [],
  evidence: [evidence],
  environment: guessEnvironment([
    { name: namespace, what: 'its namespace' },
    { name, what: 'its name' },
    { name: file.repositoryPath, what: 'the path' },
  ]),
  traits: [],
})

/** Who owns an object, as its labels or annotations say. */
export const ownerOf = (value: YamlValue): Pick<SightingDraft, 'ownerHint'> => {
  const metadata = value.get('metadata')
  for (const where of ['labels', 'annotations']) {
    for (const key of OWNER_KEYS) {
      const owner = metadata?.get(where)?.get(key)?.text
      if (owner) return { ownerHint: { value: owner, because: `${where.slice(0, -1)} ${key}` } }
    }
  }
  return {}
}

const OWNER_KEYS = ['reeve.owner', 'reeve.team', 'owner', 'team', 'app.kubernetes.io/owner', 'app.kubernetes.io/team']
