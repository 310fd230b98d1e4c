import assert from 'node:assert/strict'
import type { AccessTokenClaims } from '@reeve/sdk'
import { onEveryEngine, type Room } from '../../test/room.ts'
import type { StopScope } from './room.ts'
import { placeStop } from './store-stop.ts'
import { whyToken } from './why-token.ts'

const CLAIMS: AccessTokenClaims = {
  iss: 'https://reeve.test',
  sub: 'nhi_subject',
  client_id: 'nhi_actor',
  aud: 'https://api.test/',
  iat: 1_000,
  exp: 2_000,
  jti: 'own',
  scope: 'read',
  act: { sub: 'nhi_actor' },
  reeve: {
    principal_type: 'nhi',
    name: 'subject',
    environment: 'production',
    tier: 'low',
    owner: 'team_own',
    credential: 'crd_own',
    instance: 'pod',
    issuer: 'https://ci.test',
    chain: [
      { jti: 'before', sub: 'nhi_subject', owner: 'team_former', credential: 'crd_own' },
      { jti: 'theirs', sub: 'nhi_actor', owner: 'team_their', credential: 'crd_their' },
    ],
  },
}

const stop = async (room: Room, scope: StopScope, subject: string, verb: 'quarantine' | 'revoke' = 'quarantine') => {
  const given = { id: room.random.id('stp'), by: 'per_1', reason: `why ${subject}`, until: null }
  await room.database.write((tx) => placeStop(tx, { ...given, scope, subject, verb, now: room.clock.now() }))
}

onEveryEngine('of a token everything that stops it is told, and of what is another team’s not why', async (room) => {
  const because = () => room.database.write((tx) => whyToken(tx, CLAIMS, room.clock.now()))
  const at = room.clock.now().toISOString()
  assert.deepEqual(await because(), ['it expired 1970-01-01T00:33:20.000Z'])
  await stop(room, 'token', 'theirs', 'revoke')
  await stop(room, 'credential', 'crd_their')
  await stop(room, 'credential', 'crd_own')
  await stop(room, 'issuer', 'https://ci.test')
  await stop(room, 'owner', 'team_own/nhi_subject')
  await stop(room, 'instance', 'nhi_subject/pod')
  await stop(room, 'identity', 'nhi_somebody')
  const said = await because()
  assert.deepEqual(said.slice(1), [
    `the credential crd_own was quarantined ${at} by per_1: why crd_own`,
    `the instance nhi_subject/pod was quarantined ${at} by per_1: why nhi_subject/pod`,
    `what its identity got under its former owner was quarantined ${at} by per_1: why team_own/nhi_subject`,
    `the issuer https://ci.test was quarantined ${at} by per_1: why https://ci.test`,
    `a token that it came of was revoked ${at}; its team knows why`,
    `the credential crd_their was quarantined ${at}; its team knows why`,
  ])
})
