import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TokenError } from '@reeve/sdk'
import { ReeveError } from '@reeve/sdk/client'
import { CommandError } from './exit-code.ts'
import { failureOf } from './failure.ts'

for (const [status, code, exitCode] of [
  [400, 'invalid_input', 1],
  [401, 'unauthenticated', 4],
  [403, 'denied', 3],
  [404, 'not_found', 5],
  [409, 'revision_stale', 6],
  [413, 'too_large', 1],
  [429, 'limited', 7],
  [500, 'internal', 2],
  [503, 'unavailable', 7],
  [0, 'unreachable', 7],
  [0, 'timed_out', 7],
  [418, 'teapot', 2],
] as const)
  test(`${status} ${code} exits ${exitCode}`, () => {
    const failure = failureOf(new ReeveError(status, { code, detail: 'told', hint: 'do this' }))
    assert.equal(failure.exitCode, exitCode)
    assert.ok(failure.next !== undefined)
  })

test('a refusal leads to its decision', () => {
  const failure = failureOf(
    new ReeveError(403, { code: 'denied', detail: 'no', hint: 'ask', decisionId: 'dec_1', instance: 'req_1' }),
  )
  assert.deepEqual([failure.next, failure.lines], ['reeve why dec_1', ['trace: req_1']])
})

test('an issuer that gives no token now is told with what it said to do, and without that a server is looked for', () => {
  const told = (message: string) => {
    const {
      exitCode,
      next,
      message: said,
    } = failureOf(new TokenError('issuer_unreachable', message, { issuerCode: 'sealed' }))
    return [exitCode, said, next]
  }
  assert.deepEqual(told('the issuer answered 503: the server is sealed; start it with its key'), [
    7,
    'the issuer answered 503: the server is sealed (sealed)',
    'start it with its key',
  ])
  assert.match(String(told('the issuer gave no answer')[2]), /npm start/)
})

test('what needs an approval says how to ask for one', () => {
  assert.match(failureOf(new ReeveError(403, { code: 'approval_required' })).next ?? '', /--ask-approval/)
})

test('places are named by their path', () => {
  const errors = [
    { pointer: '/tags/a', detail: 'is mandatory' },
    { pointer: '', detail: 'there is no such field' },
    { pointer: '/kind', detail: 'must be one of a, b' },
  ]
  assert.deepEqual(failureOf(new ReeveError(400, { code: 'invalid_input', errors })).lines, [
    'tags.a: is mandatory',
    'input: there is no such field',
    'kind: must be one of a, b',
  ])
})

test('a token that is refused exits by its reason, with the issuer’s own next step', () => {
  const refused = (oauthError: string, decisionId?: string) =>
    failureOf(new TokenError('token_refused', 'refused: no such resource; check the URI', { oauthError, decisionId }))
  assert.deepEqual([refused('invalid_target').exitCode, refused('invalid_target').next], [3, 'check the URI'])
  assert.equal(refused('invalid_client').exitCode, 4)
  assert.equal(refused('access_denied', 'dec_1').next, 'reeve why dec_1')
  assert.equal(failureOf(new TokenError('issuer_unreachable', 'no answer')).exitCode, 7)
})

test('a file that cannot be used is named with the reason', () => {
  const error = Object.assign(new Error('x'), { code: 'EACCES', syscall: 'open', path: '/a/b' })
  assert.equal(failureOf(error).message, '/a/b may not be read or written by you')
})

test('anything else is a mistake of ours, in one sentence', () => {
  assert.match(failureOf(new TypeError('oops')).message, /^this is a mistake in reeve itself: oops$/)
  assert.equal(failureOf('text').exitCode, 1)
  assert.equal(failureOf(new CommandError('no', { exitCode: 8 })).exitCode, 8)
})
