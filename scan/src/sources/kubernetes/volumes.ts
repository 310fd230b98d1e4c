import type { Reach, Trait } from '../../report.ts'
import type { Fact } from '../../source.ts'
import type { YamlValue } from '../../yaml-file.ts'
import { hostPathReach, hostPathTrait, isWholeNode } from './host-path.ts'
import type { KubernetesObject } from './objects.ts'
import type { InFile, See } from './seen.ts'

/** A volume that is a folder of a node; a disk of its own is none, unless its path is all of the node. */
export const volumeSeen: See = (object, { file, names }) => {
  const spec = object.value.get('spec')
  const local = spec?.get('local')?.get('path')?.text
  const path =
    spec?.get('hostPath')?.get('path')?.text ?? (local !== undefined && isWholeNode(local) ? local : undefined)
  if (path === undefined) return {}
  const ref = spec?.get('claimRef')
  const claim = ref?.get('name')?.text
  const fields = {
    scope: names.scope,
    name: object.name,
    path,
    class: spec?.get('storageClassName')?.text ?? '',
    claim: claim === undefined ? '' : `${names.namespaceOf(ref?.get('namespace')?.text ?? '')}/${claim}`,
  }
  return { facts: [{ type: 'volume', fields, where: file.at(object.line) }] }
}

/** A claim: the volume that it has, or the class of those that it may get. */
export const claimSeen: See = (object, at) => ({
  facts: [claimFact(`${object.namespace}/${object.name}`, object.value, object.line, at)],
})

/** The claims of what starts pods: those that its volumes name, and those that a stateful set makes, as `…-*`. */
export const claimFacts = (object: KubernetesObject, pod: YamlValue, account: string, at: InFile): Fact[] => {
  const { namespace, name, kind, value } = object
  const uses = (claim: string, line: number, isReadOnly: boolean): Fact => ({
    type: 'uses-claim',
    fields: {
      ...{ scope: at.names.scope, account, claim, workload: `${kind} ${namespace}/${name}` },
      reads: isReadOnly ? 'only' : '',
    },
    where: at.file.at(line),
  })
  const mounts = MOUNTING.flatMap((list) => pod.get(list)?.items() ?? []).flatMap(
    (container) => container.get('volumeMounts')?.items() ?? [],
  )
  const named = (pod.get('volumes')?.items() ?? []).slice(0, CLAIMS_MAX).flatMap((volume) => {
    const source = volume.get('persistentVolumeClaim')
    const claim = source?.get('claimName')
    if (claim?.text === undefined) return []
    const its = mounts.filter((mount) => mount.get('name')?.text === volume.get('name')?.text)
    const isReadOnly = source?.get('readOnly')?.text === 'true' || (its.length > 0 && its.every(isReading))
    return [uses(`${namespace}/${claim.text}`, claim.line, isReadOnly)]
  })
  const templates = kind === 'StatefulSet' ? (value.get('spec')?.get('volumeClaimTemplates')?.items() ?? []) : []
  const made = templates.slice(0, CLAIMS_MAX).flatMap((template) => {
    const claim = `${namespace}/${template.get('metadata')?.get('name')?.text ?? ''}-${name}-*`
    return [claimFact(claim, template, template.line, at), uses(claim, template.line, false)]
  })
  return [...named, ...made]
}

const MOUNTING = ['initContainers', 'containers', 'ephemeralContainers']
const CLAIMS_MAX = 100
const isReading = (mount: YamlValue): boolean => mount.get('readOnly')?.text === 'true'

const claimFact = (claim: string, value: YamlValue, line: number, { file, names }: InFile): Fact => {
  const spec = value.get('spec')
  const fields = {
    ...{ scope: names.scope, claim, volume: spec?.get('volumeName')?.text ?? '' },
    class: spec?.get('storageClassName')?.text ?? '',
  }
  return { type: 'claim', fields, where: file.at(line) }
}

/** What an account has of nodes by the claims of its pods, by the account's key. */
export const nodeFoldersBy = (facts: readonly Fact[]): ReadonlyMap<string, { traits: Trait[]; reaches: Reach[] }> => {
  const of = (type: string) => facts.filter((fact) => fact.type === type)
  const volumes = of('volume').map(({ fields, where }) => ({ ...volumeOf(fields), where }))
  const keyed = (key: (volume: (typeof volumes)[number]) => string) => Map.groupBy(volumes, key)
  const byName = keyed(({ scope, name }) => `${scope}\n${name}`)
  const byClass = keyed(({ scope, class: of, claim }) => `${scope}\n${claim === '' ? of : ''}`)
  const byClaim = keyed(({ scope, claim }) => `${scope}\n${claim}`)
  // The claims of a stateful set end with the number of the pod.
  const bySet = keyed(({ scope, claim }) => `${scope}\n${claim.replace(/\d{1,6}$/, '*')}`)
  const claims = new Map(of('claim').map(({ fields }) => [`${fields.scope}\n${fields.claim}`, fields]))
  const found = new Map<string, { traits: Trait[]; reaches: Reach[] }>()
  for (const { fields } of of('uses-claim')) {
    const { scope = '', account = '', claim = '', workload = '' } = fields
    const key = `${scope}\n${claim}`
    const wants = claims.get(key)
    const sure = [
      ...((claim.endsWith('*') ? bySet : byClaim).get(key) ?? []),
      ...(wants?.volume ? (byName.get(`${scope}\n${wants.volume}`) ?? []) : []),
    ]
    const maybe =
      sure.length === 0 && wants?.volume === '' && wants.class ? byClass.get(`${scope}\n${wants.class}`) : []
    const its = found.get(account) ?? { traits: [], reaches: [] }
    found.set(account, its)
    for (const volume of new Set([...sure, ...(maybe ?? [])].slice(0, VOLUMES_MAX))) {
      const by = `, by the volume ${volume.name}${sure.length === 0 ? ', if it is given that of its class' : ''}`
      const folder = { path: volume.path, isReadOnly: fields.reads === 'only', workload, by, where: volume.where }
      its.traits.push(...hostPathTrait(folder))
      its.reaches.push(hostPathReach(folder, `PersistentVolume ${volume.name}`))
    }
  }
  return found
}

const VOLUMES_MAX = 10

const volumeOf = ({ scope = '', name = '', path = '', class: of = '', claim = '' }: Fact['fields']) => ({
  ...{ scope, name, path, claim },
  class: of,
})
