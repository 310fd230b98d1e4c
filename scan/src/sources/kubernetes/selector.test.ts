import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scanDocuments } from '../../scan-documents.ts'
import { kubernetesSource } from './source.ts'

const GIVEN = { salt: 'a salt of some length', now: new Date('2026-09-01T00:00:00Z'), sources: [kubernetesSource] }
const RBAC = 'apiVersion: rbac.authorization.k8s.io/v1'

/** What a binding of a role gives that is aggregated by this selector, beside a role with these labels that may do everything. */
const given = (selector: string, labels: string): string => {
  const text = [
    `${RBAC}\nkind: ClusterRole\nmetadata: {name: mine}\naggregationRule: {clusterRoleSelectors: [{${selector}}]}`,
    `${RBAC}\nkind: ClusterRole\nmetadata: {name: part, labels: {${labels}}}\nrules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]`,
    `${RBAC}\nkind: ClusterRoleBinding\nmetadata: {name: b}\nroleRef: {kind: ClusterRole, name: mine}\nsubjects: [{kind: ServiceAccount, name: web, namespace: app}]`,
  ].join('\n---\n')
  const { sightings } = scanDocuments([{ path: 'all.yaml', text }], GIVEN)
  const bound = sightings.flatMap(({ traits }) => traits.filter(({ trait }) => trait === 'k8s:bound'))
  return bound.map(({ detail }) => detail.split(': ').at(-1)).join()
}

test('a role is put together by whatever label or expression its selector names, of what all of it fits', () => {
  const long = 'x'.repeat(4000)
  for (const [selector, labels, is] of [
    ['matchLabels: {team: "a"}', 'team: a', 'everything'],
    ['matchLabels: {team: "a"}', 'team: b', 'reads'],
    ['matchLabels: {team: "a", tier: "top"}', 'team: a', 'reads'],
    ['matchLabels: {team: "a", tier: "top"}', 'team: a, tier: top', 'everything'],
    ['matchExpressions: [{key: team, operator: In, values: [b, a]}]', 'team: a', 'everything'],
    ['matchExpressions: [{key: team, operator: NotIn, values: [a]}]', 'team: a', 'reads'],
    ['matchExpressions: [{key: team, operator: NotIn, values: [b]}]', 'team: a', 'everything'],
    ['matchExpressions: [{key: team, operator: Exists}]', 'team: a', 'everything'],
    ['matchExpressions: [{key: team, operator: DoesNotExist}]', 'team: a', 'reads'],
    ['matchExpressions: [{key: team, operator: Surely}]', 'team: a', 'reads'],
    [`matchLabels: {team: "${long}"}`, 'team: a', 'reads'],
    [`matchExpressions: [{key: team, operator: In, values: [${long}, a]}]`, 'team: a', 'everything'],
  ] as const)
    assert.equal(given(selector, labels), is, `${selector.slice(0, 80)} of ${labels}`)
})
