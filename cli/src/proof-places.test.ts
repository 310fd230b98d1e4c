import assert from 'node:assert/strict'
import { test } from 'node:test'
import { proofDescriptors, withoutProof } from './proof-places.ts'

const KEPT = { PATH: '/bin', EMPTY: '', AWS_REGION: 'eu-west-1', ACTIONS_ID_TOKEN_REQUEST_URL: 'https://ci.example' }
const AWS = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'key', AWS_SESSION_TOKEN: 'session' }
const AGENT = { AWS_CONTAINER_AUTHORIZATION_TOKEN: 'agent' }
const JOB = { ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'bearer' }

test('what proves the identity is in no variable of what is left, and every other variable is', () => {
  for (const [proof, secrets] of [
    ['env:PROOF', { PROOF: 'jwt', CI_JOB_JWT: 'jwt\n' }],
    ['env:NOT:A:NAME', { 'NOT:A:NAME': 'jwt' }],
    ['env:UNSET', {}],
    ['github', JOB],
    ['aws', { ...AWS, ...AGENT, TF_VAR_SECRET: 'key' }],
    ['aws:eu-west-1', AWS],
  ] as const)
    assert.deepEqual(withoutProof({ ...KEPT, ...secrets }, { proof }), KEPT, proof)
  const all = { ...KEPT, ...AWS, ...AGENT, ...JOB, PROOF: 'jwt' }
  for (const proof of [undefined, 'file:/run/token', 'bound-key:/var/key'])
    assert.deepEqual(withoutProof(all, proof === undefined ? {} : { proof }), all)
})

test('an open file that the key, the secret or the proof is read from is known by its number', () => {
  const of = (flags: object) => proofDescriptors({ for: 'https://orders.test', ...flags })
  assert.deepEqual(of({ key: '-' }), [0])
  assert.deepEqual(of({ secretFile: '/dev/stdin', key: '-' }), [0])
  assert.deepEqual(of({ key: '/dev/fd/63', cert: '/dev/fd/62' }), [63])
  assert.deepEqual(of({ proof: 'file:/proc/self/fd/17' }), [17])
  assert.deepEqual(of({ proof: 'bound-key:/var/key', secretFile: '/dev/fd/0' }), [0])
  assert.deepEqual(of({ key: 'orders.jwk', proof: 'env:PROOF' }), [])
})
