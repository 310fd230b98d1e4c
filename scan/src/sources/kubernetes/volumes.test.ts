import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scanDocuments } from '../../scan-documents.ts'
import { kubernetesSource } from './source.ts'

const GIVEN = { salt: 'a salt of some length', now: new Date('2026-09-01T00:00:00Z'), sources: [kubernetesSource] }

const hostPaths = (...objects: readonly string[]): string[] =>
  scanDocuments(
    objects.map((text, at) => ({ path: `${at}.yaml`, text })),
    GIVEN,
  )
    .findings.filter(({ rule }) => /host-path|engine-socket/.test(rule))
    .map(({ rule, severity, evidence, where }) => `${rule} ${severity} ${where.path}: ${evidence.join()}`)

const volume = (spec: string, name = 'disk') =>
  `apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: ${name}}\nspec: {capacity: {storage: 1Gi}, ${spec}}\n`
const claim = (spec: string, name = 'data') =>
  `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: ${name}, namespace: app}\nspec: {accessModes: [ReadWriteOnce]${spec}}\n`
const pod = (more = '', mount = '') =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: app}\nspec: {serviceAccountName: web, containers: [{name: c, image: i, volumeMounts: [{name: v, mountPath: /d${mount}}]}], volumes: [{name: v, persistentVolumeClaim: {claimName: data${more}}}]}\n`
const ETC = 'hostPath: {path: /etc}'
const FOUND = 'kubernetes/host-path high 0.yaml: /etc in Pod app/p, by the volume disk'

test('a folder of the node that a pod has by a claim is found, whichever of the two names the other', () => {
  assert.deepEqual(hostPaths(volume(ETC), claim(', volumeName: disk'), pod()), [FOUND])
  assert.deepEqual(hostPaths(volume(`${ETC}, claimRef: {namespace: app, name: data}`), claim(''), pod()), [FOUND])
  assert.deepEqual(
    hostPaths(volume(`${ETC}, claimRef: {namespace: app, name: data}`), pod()),
    [FOUND],
    'a dump without claims',
  )
  assert.deepEqual(hostPaths(volume(`${ETC}, storageClassName: manual`), claim(', storageClassName: manual'), pod()), [
    `${FOUND}, if it is given that of its class`,
  ])
})

test('a volume that is another’s, or no folder of the node, is none of the pod', () => {
  const bound = ', volumeName: disk'
  assert.deepEqual(hostPaths(volume('nfs: {server: s, path: /etc}'), claim(bound), pod()), [])
  assert.deepEqual(hostPaths(volume(ETC, 'other'), claim(bound), pod()), [])
  assert.deepEqual(hostPaths(volume(`${ETC}, claimRef: {namespace: ops, name: data}`), claim(''), pod()), [])
  assert.deepEqual(hostPaths(volume(ETC), claim(bound, 'other'), pod()), [])
  assert.deepEqual(hostPaths(volume(`${ETC}, storageClassName: fast`), claim(', storageClassName: manual'), pod()), [])
  assert.deepEqual(hostPaths(volume('local: {path: /mnt/disks/ssd1}'), claim(bound), pod()), [], 'a disk of its own')
})

test('reading alone, the engine’s socket and a local folder are judged as those that a pod names itself', () => {
  const bound = claim(', volumeName: disk')
  assert.deepEqual(hostPaths(volume('hostPath: {path: /srv}'), bound, pod(', readOnly: true')), [])
  assert.deepEqual(hostPaths(volume('hostPath: {path: /srv}'), bound, pod('', ', readOnly: true')), [])
  assert.deepEqual(hostPaths(volume('hostPath: {path: /srv}'), bound, pod()), [
    'kubernetes/host-path medium 0.yaml: /srv in Pod app/p, by the volume disk',
  ])
  assert.deepEqual(hostPaths(volume('hostPath: {path: /run/containerd/containerd.sock}'), bound, pod()), [
    'kubernetes/engine-socket critical 0.yaml: /run/containerd/containerd.sock in Pod app/p, by the volume disk',
  ])
  assert.deepEqual(hostPaths(volume('local: {path: /}'), bound, pod()), [FOUND.replace('/etc', '/')])
})

test('the claims that a stateful set makes are followed as well', () => {
  const set = (spec: string) =>
    `apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db, namespace: app}\nspec: {template: {spec: {containers: []}}, volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce]${spec}}}]}\n`
  const found = FOUND.replace('Pod app/p', 'StatefulSet app/db')
  const ref = (name: string) => volume(`${ETC}, claimRef: {namespace: app, name: ${name}}`)
  assert.deepEqual(hostPaths(ref('data-db-0'), set('')), [found])
  assert.deepEqual(hostPaths(ref('data-dbx-0'), set('')), [])
  assert.deepEqual(hostPaths(volume(`${ETC}, storageClassName: manual`), set(', storageClassName: manual')), [
    `${found}, if it is given that of its class`,
  ])
})
