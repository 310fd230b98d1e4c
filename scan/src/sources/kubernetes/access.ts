import type { Fact, SightingDraft } from '../../source.ts'
import type { YamlValue } from '../../yaml-file.ts'
import type { KubernetesObject } from './objects.ts'
import { accountDraft, type InFile, type See } from './seen.ts'
import { selectorFields } from './selector.ts'

/** A role: one fact for each resource that each of its rules is about. */
export const roleSeen: See = (object, { file, names }) => {
  const role = roleKey(names.scope, object.kind, object.namespace, object.name)
  const rules = (object.value.get('rules')?.items() ?? []).slice(0, RULES_MAX)
  const fact = (type: string, fields: Record<string, string>, line: number): Fact => ({
    type,
    fields: { role, ...fields },
    where: file.at(line),
  })
  const labels = object.value.get('metadata')?.get('labels')?.entries() ?? []
  const selectors = object.value.get('aggregationRule')?.get('clusterRoleSelectors')?.items() ?? []
  return {
    facts: [
      fact('role', {}, object.line),
      ...rules.flatMap((rule) => ruleFacts(rule).map((fields) => fact('rule', fields, rule.line))),
      // Any label may be one that an aggregated role selects.
      ...labels
        .slice(0, LABELS_MAX)
        .map(({ key, value, line }) => fact('role-label', { label: key, value: value.text ?? '' }, line)),
      ...selectors
        .slice(0, SELECTORS_MAX)
        .flatMap((selector, at) =>
          selectorFields(selector, at).map((fields) => fact('aggregates', fields, selector.line)),
        ),
    ],
  }
}

const RULES_MAX = 2000
const LABELS_MAX = 64
const SELECTORS_MAX = 100
const FIELD_CHARS_MAX = 250

const ruleFacts = (rule: YamlValue): Record<string, string>[] => {
  const words = textsOf(rule.get('verbs')).join(',')
  // A list that would be cut counts as everything: nothing may look smaller than it is.
  const verbs = words.length > FIELD_CHARS_MAX ? '*' : words.toLowerCase()
  const names = textsOf(rule.get('resourceNames'))
  const groups = textsOf(rule.get('apiGroups'))
  const resources = (groups.length === 0 ? [''] : groups).flatMap((group) =>
    textsOf(rule.get('resources')).map((resource) => ({ group, resource })),
  )
  const urls = textsOf(rule.get('nonResourceURLs')).map((url) => ({ group: '', resource: `url ${url}` }))
  return [
    ...resources.flatMap((what) => (names.length === 0 ? [''] : names).map((name) => ({ verbs, ...what, name }))),
    ...urls.map((what) => ({ verbs, ...what, name: '' })),
  ]
}

const textsOf = (value: YamlValue | undefined): string[] =>
  value?.isList ? value.items().flatMap(({ text }) => text ?? []) : value?.text !== undefined ? [value.text] : []

const roleKey = (scope: string, kind: string, namespace: string, name: string): string =>
  `${scope}: ${kind === 'ClusterRole' ? `ClusterRole ${name}` : `Role ${namespace}/${name}`}`

/** A binding: one fact for each subject, and the subject as an identity. */
export const bindingSeen: See = (object, at) => {
  const { file, names } = at
  const isClusterWide = object.kind === 'ClusterRoleBinding'
  const roleRef = object.value.get('roleRef')
  const roleKind = roleRef?.get('kind')?.text ?? 'ClusterRole'
  const role = roleKey(names.scope, roleKind, object.namespace, roleRef?.get('name')?.text ?? '')
  const binding = isClusterWide ? `${object.kind} ${object.name}` : `${object.kind} ${object.namespace}/${object.name}`
  const subjects = (object.value.get('subjects')?.items() ?? []).flatMap((value) => subjectOf(value, object, at) ?? [])
  return {
    sightings: subjects.map(({ draft }) => draft),
    facts: subjects.map(({ draft, name }) => ({
      type: 'binding',
      fields: {
        scope: names.scope,
        binding,
        namespace: isClusterWide ? '*' : object.namespace,
        role,
        subject: draft.stableKey,
        name,
        isListed: object.isListed ? 'yes' : 'no',
      },
      where: file.at(object.line),
    })),
  }
}

const subjectOf = (
  value: YamlValue,
  binding: KubernetesObject,
  at: InFile,
): { draft: SightingDraft; name: string } | undefined => {
  const name = value.get('name')?.text
  const kind = value.get('kind')?.text
  if (name === undefined) return undefined
  const where = at.file.at(value.get('name')?.line ?? value.line)
  const evidence = `a subject of ${binding.kind} ${binding.name} in ${at.file.baseName}`
  // The name under which the API server knows a service account may be bound as a user's.
  const [, asNamespace = '', asName = ''] = /^system:serviceaccount:([^:]{1,253}):([^:]{1,253})$/.exec(name) ?? []
  if (kind === 'User' && asName !== '') {
    const account = { namespace: asNamespace, name: asName }
    return { draft: accountDraft(account, at, where, evidence), name: `${asNamespace}/${asName}` }
  }
  if (kind === 'ServiceAccount') {
    const written = value.get('namespace')?.text ?? ''
    const namespace = written === '' ? binding.namespace || at.names.namespaceOf('') : written
    return { draft: accountDraft({ namespace, name }, at, where, evidence), name: `${namespace}/${name}` }
  }
  if (kind !== 'User' && kind !== 'Group') return undefined
  const word = kind === 'User' ? 'user' : 'group'
  return {
    draft: {
      kind: 'account',
      name: `${word} ${name} in ${at.names.scope}`,
      stableKey: at.names.subjectKey(word, name),
      where,
      reaches: [],
      evidence: [evidence],
      environment: null,
      traits: [],
    },
    name: `${word} ${name}`,
  }
}
