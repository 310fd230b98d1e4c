import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VerifyError } from '../verify-error.ts'
import { type Presented, presentedToken } from './bearer.ts'

const codeOf = (presented: Presented): string => {
  try {
    const { scheme, token } = presentedToken(presented)
    return `${scheme === 'DPoP' ? 'BOUND ' : ''}TOKEN ${token}`
  } catch (error) {
    return error instanceof VerifyError ? error.code : `UNEXPECTED ${String(error)}`
  }
}

test('a header that is no single credential is refused, and another scheme is none at all', () => {
  const cases: [string, string][] = [
    ['Bearer', 'request_malformed'],
    ['Bearer ', 'request_malformed'],
    ['Bearer a b', 'request_malformed'],
    ['Bearer a, Bearer b', 'request_malformed'],
    ['Bearer a,b', 'request_malformed'],
    ['Basic YTpi', 'token_missing'],
    ['DPoP', 'request_malformed'],
    ['DPoP a b', 'request_malformed'],
    ['DPoPabc x', 'token_missing'],
    ['constructor x', 'token_missing'],
    ['Bearerabc x', 'token_missing'],
    ['', 'token_missing'],
  ]
  for (const [authorization, code] of cases) {
    assert.equal(codeOf({ headers: { authorization } }), code, authorization)
    assert.equal(codeOf({ headers: new Headers({ authorization }) }), code, authorization)
  }
})

test('the header of Node, of fetch and alone give the same token, whatever the case of the scheme', () => {
  for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
    assert.equal(codeOf(`${scheme} abc`), 'TOKEN abc')
    assert.equal(codeOf({ headers: { authorization: `${scheme} abc` } }), 'TOKEN abc')
    assert.equal(codeOf(new Request('http://a.test', { headers: { authorization: `${scheme} abc` } })), 'TOKEN abc')
  }
  assert.equal(codeOf('abc'), 'TOKEN abc')
  for (const scheme of ['DPoP', 'dpop', 'DPOP']) assert.equal(codeOf(`${scheme} abc`), 'BOUND TOKEN abc')
})

test('no request, no header and no token are a missing token; two headers are malformed', () => {
  for (const presented of [undefined, null, '', { headers: {} }, { headers: new Headers() }])
    assert.equal(codeOf(presented), 'token_missing')
  assert.equal(codeOf({ headers: { authorization: ['Bearer a', 'Bearer b'] } }), 'request_malformed')
})
