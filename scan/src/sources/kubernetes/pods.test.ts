import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSource } from '../../../test/read-source.ts'
import { kubernetesSource } from './source.ts'

const object = (apiVersion: string, kind: string, spec: string) =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: x, namespace: app}\nspec: ${spec}\n`

const read = (text: string) => readSource(kubernetesSource, text, 'a.yaml')
const accountsIn = (text: string) => read(text).sightings.map(({ name }) => name.split(' ')[0])

test('an account that an operator starts pods as is seen, wherever the object names it', () => {
  for (const [apiVersion, kind, spec] of [
    ['roll.example/v1', 'Rollout', '{template: {spec: {serviceAccountName: web, containers: [{image: x}]}}}'],
    ['flow.example/v1', 'Workflow', '{serviceAccountName: web, templates: [{name: a, container: {image: x}}]}'],
    ['odd.example/v1', 'constructor', '{serviceAccountName: web}'],
    ['pipe.example/v1', 'PipelineRun', '{taskRunTemplate: {serviceAccountName: web}}'],
    [
      'bundle.example/v1',
      'Version',
      '{install: {spec: {deployments: [{spec: {template: {spec: {serviceAccountName: web}}}}]}}}',
    ],
  ] as const)
    assert.deepEqual(accountsIn(object(apiVersion, kind, spec)), ['app/web'], kind)
})

test('a pod that an operator’s object holds and gives no account runs as the default one', () => {
  const text = object('roll.example/v1', 'Rollout', '{template: {spec: {containers: [{image: x}]}}}')
  assert.deepEqual(accountsIn(text), ['app/default'])
})

test('what a workflow’s steps are handed is reached by the account that they run as', () => {
  const step = '{name: a, container: {image: x, env: [{name: T, valueFrom: {secretKeyRef: {name: s, key: k}}}]}}'
  const [sighting] = read(
    object('flow.example/v1', 'Workflow', `{serviceAccountName: web, templates: [${step}]}`),
  ).sightings
  assert.deepEqual(sighting?.reaches, [{ what: 'secret s/k', access: 'read', because: 'env T' }])
})

test('what only names an account is not said to mount its token', () => {
  const facts = (spec: string) =>
    read(object('flow.example/v1', 'Workflow', spec)).facts.map(({ fields }) => fields.mounts)
  assert.deepEqual(facts('{serviceAccountName: web}'), ['no'])
  assert.deepEqual(facts('{template: {spec: {serviceAccountName: web, containers: [{image: x}]}}}'), [''])
})

test('a schema, a template’s variable and an object of another program start nothing', () => {
  for (const text of [
    object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', '{serviceAccountName: web}'),
    object('flow.example/v1', 'Workflow', '{properties: {serviceAccountName: {type: string}}}'),
    object('flow.example/v1', 'Workflow', '{serviceAccountName: "{{ name }}"}'),
    object('v1', 'Thing', '{serviceAccountName: web}'),
  ])
    assert.deepEqual(accountsIn(text), [], text)
})
