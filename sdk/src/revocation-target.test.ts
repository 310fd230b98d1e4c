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

test('a token that stands on the word of another issuer is stopped with that issuer, and so is what came of it', async () => {
  const { reeve } = token
  const link = { jti: 'j0', sub: 'nhi_0', ...reeve, issuer: 'https://ci.example' }
  for (const of of [
    { ...reeve, issuer: 'https://ci.example' },
    { ...reeve, chain: [link] },
  ])
    assert.deepEqual(
      (await revocationTargets({ ...token, reeve: of })).filter(({ scope }) => scope === 'issuer'),
      ['http://issuer', 'https://ci.example'].map((iss) => ({
        ...{ scope: 'issuer', target: revocationTarget('issuer', iss) },
      })),
    )
})

test('a name cannot be shifted from one scope into another', () => {
  assert.notEqual(revocationTarget('token', 'a'), revocationTarget('credential', 'a'))
})
