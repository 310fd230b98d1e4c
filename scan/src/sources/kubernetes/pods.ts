import type { YamlValue } from '../../yaml-file.ts'

/** The pods that an object of a kind of Kubernetes' own starts. */
export const podOf = (kind: string, value: YamlValue): YamlValue | undefined => {
  const spec = value.get('spec')
  if (kind === 'Pod') return spec
  const owner = kind === 'CronJob' ? spec?.get('jobTemplate')?.get('spec') : spec
  return owner?.get('template')?.get('spec')
}

/**
 * What an object of any other kind has pods started as: wherever its `spec` names an account, or holds a whole pod. Operators
 * (rollouts, workflows, pipelines, functions, monitors) take both in the words of a pod.
 */
export const embeddedPods = (value: YamlValue): readonly YamlValue[] => {
  const found: YamlValue[] = []
  const budget = { left: VALUES_MAX }
  const look = (at: YamlValue, depth: number): void => {
    budget.left -= 1
    if (depth > DEPTH_MAX || budget.left < 0 || found.length >= PODS_MAX) return
    if (at.isList) for (const item of at.items()) look(item, depth + 1)
    if (!at.isMap) return
    if (isPod(at)) found.push(at)
    else for (const { value: inner } of at.entries()) look(inner, depth + 1)
  }
  const spec = value.get('spec')
  if (spec) look(spec, 0)
  return found
}

const DEPTH_MAX = 8
const PODS_MAX = 50
const VALUES_MAX = 5000

// A schema describes an account by a map, never by its name; a template's variable is none either.
const isPod = (at: YamlValue): boolean =>
  /^[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?$/.test(at.get('serviceAccountName')?.text ?? '') ||
  (at
    .get('containers')
    ?.items()
    .some((one) => one.get('image')?.text !== undefined) ??
    false)

/** The containers of a pod; those of a workflow stand in its templates. */
export const containersOf = (pod: YamlValue): YamlValue[] =>
  [
    ...CONTAINER_LISTS.flatMap((list) => pod.get(list)?.items() ?? []),
    ...(pod.get('templates')?.items() ?? []).flatMap((template) =>
      ['container', 'script'].flatMap((key) => template.get(key) ?? []),
    ),
  ].slice(0, CONTAINERS_MAX)

export const CONTAINER_LISTS = ['initContainers', 'containers', 'ephemeralContainers']
const CONTAINERS_MAX = 200
