import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { revocationTarget, revocationTargets } from './revocation-target.ts'

const token = { iss: 'http://issuer', sub: 'nhi_1', jti: 'j1', reeve: { owner: 'team_1', credential: 'crd_1' } }

test('a target is the first 22 characters of the base64url sha-256 of scope and id, as an independent computation says', () => {
  const expected = createHash('sha256').update('identity:nhi_1').digest('base64url').slice(0, 22)
  assert.equal(revocationTarget('identity', 'nhi_1'), expected)
})

test('a token is stopped at every scope it names, narrowest first, under the same target the server computes', async () => {
  const targets = await revocationTargets({ ...token, reeve: { ...token.reeve, instance: 'pod-7' } })
  assert.deepEqual(targets, [
    { scope: 'token', target: revocationTarget('token', 'j1') },
    { scope: 'credential', target: revocationTarget('credential', 'crd_1') },
    { scope: 'instance', target: revocationTarget('instance', 'nhi_1/pod-7') },
    { scope: 'identity', target: revocationTarget('identity', 'nhi_1') },
    { scope: 'owner', target: revocationTarget('owner', 'team_1/nhi_1') },
    { scope: 'owner', target: revocationTarget('owner', 'team_1') },
    { scope: 'issuer', target: revocationTarget('issuer', 'http://issuer') },
  ])
})

test('a token without an instance has no instance target', async () => {
  assert.deepEqual(
    (await revocationTargets(token)).map((each) => each.scope),
    ['token', 'credential', 'identity', 'owner', 'owner', 'issuer'],
  )
})

test('a name cannot be shifted from one scope into another', () => {
  assert.notEqual(revocationTarget('token', 'a'), revocationTarget('credential', 'a'))
})
