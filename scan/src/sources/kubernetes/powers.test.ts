import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scanDocuments } from '../../scan-documents.ts'
import { kubernetesSource } from './source.ts'

const GIVEN = { salt: 'a salt of some length', now: new Date('2026-09-01T00:00:00Z'), sources: [kubernetesSource] }
const RBAC = 'apiVersion: rbac.authorization.k8s.io/v1'

const rulesOf = (rule: string): string => {
  const text = [
    `${RBAC}\nkind: ClusterRole\nmetadata: {name: it}\nrules: [{apiGroups: [""], ${rule}}]`,
    `${RBAC}\nkind: ClusterRoleBinding\nmetadata: {name: b}\nroleRef: {kind: ClusterRole, name: it}\nsubjects: [{kind: ServiceAccount, name: web, namespace: app}]`,
  ].join('\n---\n')
  return scanDocuments([{ path: 'all.yaml', text }], GIVEN)
    .findings.map(({ rule: id }) => id)
    .join()
}

test('whoever runs commands in pods of every namespace can become the cluster, whether or not the files tell of pods', () => {
  for (const rule of ['resources: [pods/exec], verbs: [get]', 'resources: [pods/ephemeralcontainers], verbs: [patch]'])
    assert.match(rulesOf(rule), /kubernetes\/escalation/, rule)
})

test('whoever may only say that roles may be widened, and write none, widens none', () => {
  const group = 'apiGroups: [rbac.authorization.k8s.io]'
  const widens = (verbs: string) =>
    rulesOf(`resources: [pods], verbs: [get]}, {${group}, resources: [clusterroles], verbs: [${verbs}]`)
  assert.doesNotMatch(widens('escalate'), /escalation/)
  for (const verb of ['create', 'update', 'patch']) assert.match(widens(`escalate, ${verb}`), /escalation/, verb)
})

test('a right to make an object by its name is none, and one to ask for the token of a named account is one', () => {
  assert.match(rulesOf('resources: [pods], verbs: [create]'), /escalation/)
  assert.doesNotMatch(rulesOf('resources: [pods], verbs: [create], resourceNames: [a]'), /escalation/)
  assert.match(rulesOf('resources: [serviceaccounts/token], verbs: [create]'), /escalation/)
})
