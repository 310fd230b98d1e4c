import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { scannedFile } from '../../file.ts'
import { type ScanOptions, scan } from '../../scan.ts'
import { kubernetesSource } from './source.ts'

// Whatever somebody writes into a manifest, the scan ends, and says what it left out.

const OPTIONS: ScanOptions = { salt: 'a salt for these tests only', now: new Date('2026-09-01T00:00:00Z') }

const scanned = async (t: TestContext, files: Readonly<Record<string, string>>) => {
  const folder = mkdtempSync(join(tmpdir(), 'kubernetes-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return scan([folder], OPTIONS)
}

const many = (prefix: string, count: number) => Array.from({ length: count }, (_, at) => `"${prefix}${at}"`).join(',')

test('wrong shapes are no crash', async (t) => {
  const texts = [
    'apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: 7\n',
    'apiVersion: v1\nkind: Role\nmetadata: [name]\nrules: {a: 1}\n',
    'apiVersion: v1\nkind: ClusterRole\nmetadata: {name: x}\nrules: [1, {verbs: get, resources: {a: 1}}, null]\n',
    'apiVersion: v1\nkind: RoleBinding\nmetadata: {name: x}\nsubjects: {}\nroleRef: []\n',
    'apiVersion: v1\nkind: Deployment\nmetadata: {name: x}\nspec: {template: {spec: {containers: {a: 1}, volumes: x}}}\n',
    'apiVersion: v1\nkind: List\nitems: &a [*a]\n',
    'apiVersion: v1\nkind: &k List\nitems: &i [{kind: *k, items: *i}, {kind: *k, items: *i}]\n',
    'apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ndata: [1]\nstringData: 3\n',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n',
  ]
  const report = await scanned(t, Object.fromEntries(texts.map((text, at) => [`${at}.yaml`, text])))
  assert.deepEqual(
    report.problems.filter(({ reason }) => reason === 'source-failed'),
    [],
  )
})

test('a dump that is broken is named, with its line', async (t) => {
  const report = await scanned(t, { 'a.json': '{\n"apiVersion": 1,\n"kind": ' })
  assert.deepEqual(
    report.problems.map(({ reason, line }) => [reason, line]),
    [['bad-json', 3]],
  )
})

test('more rights than anybody grants are cut, and that is said', () => {
  const rule = `{"apiGroups": [${many('g', 300)}], "resources": [${many('r', 300)}], "verbs": ["get"]}`
  const role = `{"apiVersion": "v1", "kind": "ClusterRole", "metadata": {"name": "r"}, "rules": [${rule}]}`
  const file = scannedFile({ path: 'a.json', repository: 'r', repositoryPath: 'a.json' }, Buffer.from(role))
  const seal = () => assert.fail('there is no secret in it')
  const { facts, problems } = kubernetesSource.read(file, { seal, now: OPTIONS.now })
  assert.deepEqual([facts?.length, problems[0]?.reason], [50_000, 'too-many'])
})

test('a long role given to a long list of subjects ends, and that is said', async (t) => {
  const subjects = Array.from({ length: 1100 }, (_, at) => ({ kind: 'User', name: `u${at}` }))
  const rules = `[{"apiGroups": [""], "resources": [${many('r', 250)}], "verbs": ["create"]}]`
  const items = [
    `{"kind": "ClusterRole", "metadata": {"name": "r"}, "rules": ${rules}}`,
    `{"kind": "ClusterRoleBinding", "metadata": {"name": "b"}, "roleRef": {"kind": "ClusterRole", "name": "r"}, "subjects": ${JSON.stringify(subjects)}}`,
  ]
  const report = await scanned(t, { 'a.json': `{"apiVersion": "v1", "kind": "List", "items": [${items.join(',')}]}` })
  assert.deepEqual(
    report.problems.map(({ reason }) => reason),
    ['too-many'],
  )
  assert.equal(report.sightings.length, 1100)
})

test('a role with more rules than are followed is said to be cut', async (t) => {
  const rules = `[{"apiGroups": [""], "resources": [${many('r', 5001)}], "verbs": ["create"]}]`
  const items = [
    `{"kind": "ClusterRole", "metadata": {"name": "r"}, "rules": ${rules}}`,
    '{"kind": "ClusterRoleBinding", "metadata": {"name": "b"}, "roleRef": {"kind": "ClusterRole", "name": "r"}, "subjects": [{"kind": "User", "name": "u"}]}',
  ]
  const report = await scanned(t, { 'a.json': `{"apiVersion": "v1", "kind": "List", "items": [${items.join(',')}]}` })
  assert.deepEqual(
    report.problems.map(({ reason }) => reason),
    ['too-many'],
  )
})
