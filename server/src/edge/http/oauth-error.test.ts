import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../kit/fault.ts'
import { oauthError } from './oauth-error.ts'

test('a description names the section of a text in the few characters that RFC 6749 §5.2 allows', () => {
  const fault = new Fault('wrong', { kind: 'invalid', message: 'no "grant"', fix: 'send one (RFC 7523 §2.1)' })
  const { text } = oauthError(fault, { issuer: 'https://reeve.example', requestId: 'req_1', isGrant: false })
  assert.equal(JSON.parse(text).error_description, "no 'grant'; send one (RFC 7523 section 2.1)")
})
