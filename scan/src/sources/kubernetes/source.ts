import type { Problem } from '../../report.ts'
import type { Fact, OtherForm, SightingDraft, Source, SourceAnswer } from '../../source.ts'
import { bindingSeen, roleSeen } from './access.ts'
import { accountSeen } from './accounts.ts'
import { namesFor } from './names.ts'
import { mayHoldObjects, objectsIn } from './objects.ts'
import { relateKubernetes } from './relate.ts'
import { secretSeen } from './secrets.ts'
import type { See, Seen } from './seen.ts'
import { claimSeen, volumeSeen } from './volumes.ts'
import { workloadSeen } from './workloads.ts'

/** Kubernetes manifests and dumps: each service account is an identity, and so is each user and group that a binding names. */
export const kubernetesSource: Source = {
  name: 'kubernetes',
  wants: mayHoldObjects,
  read(file, tools): SourceAnswer {
    const { objects, problems } = objectsIn(file)
    const names = namesFor(file, objects)
    const sightings: SightingDraft[] = []
    const facts: Fact[] = []
    const otherForms: OtherForm[] = []
    for (const object of objects) {
      const see = SEE.get(object.kind) ?? workloadSeen
      const seen: Seen = see({ ...object, namespace: names.namespaceOf(object.namespace) }, { file, names, tools })
      sightings.push(...(seen.sightings ?? []))
      facts.push(...(seen.facts ?? []))
      otherForms.push(...(seen.otherForms ?? []))
    }
    const tooMany: Problem[] =
      facts.length > FACTS_MAX || sightings.length > FACTS_MAX
        ? [
            {
              path: file.path,
              reason: 'too-many',
              detail: `more than ${FACTS_MAX} rights or subjects: the rest is left out`,
            },
          ]
        : []
    return {
      sightings: sightings.slice(0, FACTS_MAX),
      facts: facts.slice(0, FACTS_MAX),
      otherForms,
      problems: [...problems, ...tooMany],
    }
  },
  relate: relateKubernetes,
}

const FACTS_MAX = 50_000

const SEE: ReadonlyMap<string, See> = new Map([
  ['ServiceAccount', accountSeen],
  ['Secret', secretSeen],
  ['PersistentVolume', volumeSeen],
  ['PersistentVolumeClaim', claimSeen],
  ['Role', roleSeen],
  ['ClusterRole', roleSeen],
  ['RoleBinding', bindingSeen],
  ['ClusterRoleBinding', bindingSeen],
])
