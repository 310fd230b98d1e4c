import assert from 'node:assert/strict'
import { test } from 'node:test'
import { claimsOf, securityEvents, seqOfJti, type ToldStop } from './security-event.ts'
import { type OwnEvent, type Stream, withOwn } from './stream.ts'

const ISSUER = 'https://reeve.example'
const told = (over: Partial<ToldStop>): ToldStop => ({
  seq: 7,
  target: 'a-target',
  verb: 'quarantine',
  until: null,
  at: 1_700_000_000_999,
  scope: 'identity',
  subject: 'nhi_1',
  identity: 'nhi_1',
  by: 'per_1',
  ...over,
})
const user = { format: 'iss_sub', iss: ISSUER, sub: 'nhi_1' }
const opaque = (id: string) => ({ format: 'opaque', id })

test('each scope has the subject by which its tokens are known, down to what was got under a former owner', () => {
  const cases: [Partial<ToldStop>, unknown][] = [
    [{}, user],
    [
      { scope: 'credential', subject: 'crd_1' },
      { format: 'complex', user, session: opaque('crd_1') },
    ],
    [
      { scope: 'instance', subject: 'nhi_1/a/b' },
      { format: 'complex', user, device: opaque('a/b') },
    ],
    [
      { scope: 'owner', subject: 'team_1', identity: null },
      { format: 'complex', group: opaque('team_1') },
    ],
    [
      { scope: 'owner', subject: 'team_1/nhi_1' },
      { format: 'complex', user, group: opaque('team_1') },
    ],
    [
      { scope: 'token', subject: 'j1', identity: null },
      { format: 'jwt_id', iss: ISSUER, jti: 'j1' },
    ],
    [
      { scope: 'issuer', subject: ISSUER, identity: null },
      { format: 'uri', uri: ISSUER },
    ],
    [
      { scope: 'key', subject: 'sgk_1', identity: null },
      { format: 'opaque', id: 'sgk_1' },
    ],
  ]
  for (const [over, subject] of cases) assert.deepEqual(securityEvents(told(over), ISSUER)[0]?.subject, subject)
})

test('who stopped it is told by kind alone, and a release names nobody', () => {
  const entity = (over: Partial<ToldStop>) => securityEvents(told(over), ISSUER)[0]?.event.initiating_entity
  assert.deepEqual([entity({}), entity({ by: 'nhi_2' }), entity({ by: null })], ['admin', 'user', 'system'])
  assert.equal(entity({ verb: 'release' }), undefined)
})

test('the name of an event says its entry, to its own stream alone', () => {
  const named = { issuer: ISSUER, audience: 'nhi_api', stream: 'str_1' }
  for (const event of securityEvents(told({ scope: 'credential', subject: 'crd_1' }), ISSUER)) {
    const { jti, iat } = claimsOf(event, told({}), named)
    assert.deepEqual(
      [seqOfJti(jti, 'str_1'), seqOfJti(jti, 'str_10'), seqOfJti(jti, 'str_'), iat],
      [7, undefined, undefined, 1_700_000_000],
    )
  }
})

test('what waits about a stream itself is bounded, and verifications push out nothing that says more', () => {
  let stream: Pick<Stream, 'own'> = { own: [] }
  const add = (event: OwnEvent) => {
    // Only what it has of its own is looked at.
    stream = withOwn({ ...EMPTY, ...stream }, event)
  }
  add({ id: 'moved', at: 1, type: 'stream-updated', status: 'enabled', reason: null })
  for (let at = 0; at < 30; at++) add({ id: `v${at}`, at, type: 'verification', state: null })
  assert.deepEqual(
    stream.own.map(({ id }) => id),
    ['moved', 'v23', 'v24', 'v25', 'v26', 'v27', 'v28', 'v29'],
  )
})

const EMPTY: Stream = {
  id: 'str_1',
  identity: 'nhi_api',
  team: null,
  method: 'poll',
  endpoint: null,
  sealed: null,
  requested: [],
  description: null,
  status: 'enabled',
  statusReason: null,
  excluded: [],
  position: 0,
  resend: null,
  own: [],
  taken: [],
  createdAt: 0,
  createdBy: null,
  verifiedAt: null,
  heardAt: null,
  failures: 0,
  lastError: null,
  retryAt: 0,
  setBy: { token: null, credential: null, instance: null },
}
