import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nothingShown, readBytes } from '../../read-batch.ts'
import { secretsSource } from '../secrets/source.ts'
import { kubernetesSource } from './source.ts'

const told = (path: string, text: string): string[] => {
  const settings = { salt: 'a salt for tests', now: new Date(0), sources: [secretsSource, kubernetesSource] }
  const shown = nothingShown()
  const names = { path, repository: 'r', repositoryPath: path }
  readBytes(names, Buffer.from(text), { ...settings, fileBytesMax: 1e6 }, shown)
  return shown.sightings.flatMap(({ source, draft }) => draft.traits.map(({ where }) => `${source} ${where.line}`))
}

const PLAIN = 'q7Rt2xLp9Wz4Kd8Vn3'
const ENCODED = Buffer.from(PLAIN).toString('base64')
const OBJECT = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'db', namespace: 'prod' } }

test('a secret of a Secret is told once, by its object, in JSON and YAML, in base64 and in plain text', () => {
  const yaml = `apiVersion: v1
kind: Secret
metadata: {name: db, namespace: prod}
data:
  password: ${ENCODED}
  api_key: |
    ${ENCODED}
stringData:
  token: ${PLAIN}
`
  assert.deepEqual(told('dump.yaml', yaml), ['kubernetes 9', 'kubernetes 5', 'kubernetes 7'])
  const json = (data: object) => JSON.stringify({ kind: 'List', items: [{ ...OBJECT, ...data }] }, null, 1)
  assert.deepEqual(told('dump.json', json({ data: { password: ENCODED } })), ['kubernetes 12'])
  assert.deepEqual(told('dump.json', json({ stringData: { password: PLAIN } })), ['kubernetes 12'])
})

test('what kubectl last applied tells the secrets of its object no second time', () => {
  const applied = { ...OBJECT, data: { password: ENCODED } }
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(applied) }
  const object = { ...OBJECT, metadata: { ...OBJECT.metadata, annotations }, data: applied.data }
  assert.deepEqual(told('dump.json', JSON.stringify(object, null, 1)), ['kubernetes 12'])
})

test('a token of an account is told once, as that', () => {
  const yaml = `apiVersion: v1
kind: Secret
type: kubernetes.io/service-account-token
metadata: {name: t, annotations: {kubernetes.io/service-account.name: x}}
data:
  token: ${ENCODED}
`
  assert.deepEqual(told('dump.yaml', yaml), ['kubernetes 4'])
})

test('what stands elsewhere in the file is told by its name', () => {
  const yaml = `# password: ${PLAIN}
apiVersion: v1
kind: Secret
metadata: {name: db}
data: {password: ${ENCODED}}
---
password: ${ENCODED}
`
  assert.deepEqual(told('dump.yaml', yaml).toSorted(), ['kubernetes 5', 'secrets 1', 'secrets 7'])
})
