import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateKeyPair, SignJWT } from 'jose'
import type { KeySet } from '../verifier/key-set.ts'
import { openRulebook, RulebookRefused, rulebookType } from './rulebook.ts'

const claims = {
  iss: 'https://reeve.example',
  aud: 'nhi_1',
  iat: 1_000,
  exp: 2_000,
  owner: 'team_1',
  application: 'records',
  revision: 'one',
  isWhole: true,
  policies: [],
  subjects: [],
  resources: [],
}
const { privateKey, publicKey } = await generateKeyPair('ES256')
const key = { alg: 'ES256' as const, key: publicKey, print: 'one' }
const keySet: KeySet = {
  known: (kid) => (kid === 'one' ? key : undefined),
  resolve: async () => undefined,
  hear: () => {},
  ids: () => [],
  keepFresh: () => {},
  load: async () => {},
}
const expected = { keySet, issuer: 'https://reeve.example', identity: 'nhi_1', application: 'records' }
const open = async (changed: object, header: { typ?: string; kid?: string } = {}) => {
  const signing = new SignJWT({ ...claims, ...changed })
  const text = await signing
    .setProtectedHeader({ alg: 'ES256', kid: 'one', typ: rulebookType, ...header })
    .sign(privateKey)
  return openRulebook(text, expected)
}

test('a rulebook is taken in the form in which the issuer signs it', async () => {
  assert.equal((await open({})).revision, 'one')
})

test('what the issuer signed as something else, for somebody else or malformed is no rulebook', async () => {
  for (const typ of ['JWT', 'at+jwt', 'rulebook']) await assert.rejects(open({}, { typ }), /another type/)
  await assert.rejects(open({}, { kid: 'two' }), /unknown key/)
  const wrong = [{ iss: 'https://other.example' }, { aud: 'nhi_2' }, { aud: ['nhi_1'] }, { application: 'others' }]
  for (const changed of wrong) await assert.rejects(open(changed), /is another one/)
  const malformed = [{ iat: 'soon' }, { owner: 1 }, { policies: {} }, { policies: [{ id: 'a' }] }, { subjects: [1] }]
  for (const changed of malformed) await assert.rejects(open(changed), RulebookRefused, JSON.stringify(changed))
})
