import assert from 'node:assert/strict'
import { makeCertificate } from '../../test/certificates.ts'
import { ACCESS_TOKEN_TYPE, TOKEN_EXCHANGE_GRANT } from '../src/broker/domain/exchange-request.ts'
import { readCertificate, type ShownCertificate } from '../src/broker/index.ts'
import { createChanges } from '../src/kit/changes.ts'
import { createHot } from '../src/kit/hot.ts'
import { createLog } from '../src/kit/log.ts'
import { addSecret, ORDERS, onEveryBroker, openBroker, setUpOrders, type TestBroker } from './broker.ts'
import type { Room } from './room.ts'

const log = createLog('silent')

/** Another replica: the same database, with a memory of its own that nobody wakes. */
const replicaOf = (room: Room): Room => {
  const { database, clock, random } = room
  const changes = createChanges(database, clock, log)
  const hot = createHot({ database, changes, clock, random, log, committed: () => undefined })
  return { ...room, changes, hot }
}

const requestOf = (proof: string | ShownCertificate, form: Record<string, string>) => ({
  ...(typeof proof === 'string' ? {} : { certificate: proof }),
  form: new Map(
    Object.entries({ client_id: 'nhi_sync', ...(typeof proof === 'string' ? { client_secret: proof } : {}), ...form }),
  ),
  authorization: undefined,
  source: { ip: '127.0.0.1', region: null, userAgent: null },
  requestId: 'req_race',
  traceparent: null,
  failed: () => 0,
})

const tokenForm = { grant_type: 'client_credentials', resource: ORDERS, instance: 'pod-1' }

const exchangeForm = (subject_token: string) => ({
  grant_type: TOKEN_EXCHANGE_GRANT,
  subject_token,
  subject_token_type: ACCESS_TOKEN_TYPE,
  instance: 'pod-1',
})

/** What an attacker who holds the secret and a token tries, on one replica; true when it worked. */
const attacksOn = ({ broker }: TestBroker, secret: string | ShownCertificate, token: string) => ({
  issue: async () => 'accessToken' in (await broker.issueToken(requestOf(secret, tokenForm))),
  exchange: async () => 'accessToken' in (await broker.issueToken(requestOf(secret, exchangeForm(token)))),
  introspect: async () => {
    const found = await broker.introspectToken(requestOf(secret, { token }))
    return 'said' in found && found.said.active
  },
})

const ATTEMPTS_MIN = 2_500
const ATTACKERS = 100
const SUCCESSES_MIN = 300

/** Attacks without pause before, while and after `contain` runs; counts what worked although it began after the ack. */
const raceAgainst = async (attacks: readonly (() => Promise<boolean>)[], contain: () => Promise<unknown>) => {
  const isSeenWorking = Promise.withResolvers<void>()
  let isAcknowledged = false
  let before = 0
  let after = 0
  let worked = 0
  const attacker = async (number: number): Promise<void> => {
    for (let at = number; after < ATTEMPTS_MIN; at++) {
      const isAfter = isAcknowledged
      const attack = attacks[at % attacks.length]
      const hasWorked = (await attack?.()) ?? false
      if (isAfter) {
        after++
        if (hasWorked) worked++
      } else if (hasWorked) before++
      if (before === SUCCESSES_MIN) isSeenWorking.resolve()
    }
  }
  const attackers = Array.from({ length: ATTACKERS }, (_, number) => attacker(number))
  await isSeenWorking.promise
  await contain()
  isAcknowledged = true
  await Promise.all(attackers)
  return { before, after, worked }
}

onEveryBroker(
  'V3: after a quarantine is acknowledged, 0 of 10,000 attempts succeed on any replica',
  async (test, t) => {
    const { subjects, decisions, findings, exceptions } = test
    const fakes = { subjects, decisions, findings, exceptions }
    const other = await openBroker(replicaOf(test.room), fakes, { issuer: test.url })
    try {
      setUpOrders(test)
      const { room, call } = test
      const { id, secret } = await addSecret(test)
      const own = await makeCertificate({ from: new Date(0), to: new Date('2100-01-01') })
      const shown = readCertificate(own.der) ?? assert.fail('no certificate')
      const registered = { identity: 'nhi_sync', kind: 'self-signed-tls', certificate: own.cert }
      const { credential: certificate } = await call('broker.credential.add', registered)
      await other.room.changes.catchUp()
      const stopIdentity = async (verb: 'quarantine' | 'release') =>
        room.database.write(async (tx) => {
          const now = room.clock.now()
          const { stops } = test.broker
          const stop = {
            scope: 'identity',
            id: 'nhi_sync',
            verb: 'quarantine',
            reason: 'race',
            by: null,
            now,
            until: null,
          } as const
          const placed =
            verb === 'quarantine' ? await stops.stop(tx, stop) : await stops.lift(tx, 'identity', 'nhi_sync', now)
          await room.changes.signal(tx, placed?.signals ?? [])
        })
      const scopes = {
        credential: (verb: string) => call(`broker.credential.${verb}`, { credential: id, reason: 'race' }),
        certificate: (verb: string) =>
          call(`broker.credential.${verb}`, { credential: certificate.id, reason: 'race' }),
        instance: (verb: string) =>
          call(`broker.instance.${verb}`, { identity: 'nhi_sync', instance: 'pod-1', reason: 'race' }),
        identity: async (verb: string) => {
          await stopIdentity(verb === 'quarantine' ? 'quarantine' : 'release')
          await room.changes.catchUp()
        },
      }
      let total = 0
      for (const [scope, contain] of Object.entries(scopes)) {
        // Who holds the certificate is stopped by its own credential, and by whatever is larger.
        const proof = scope === 'credential' ? secret : shown
        const issued = await test.broker.issueToken(requestOf(proof, tokenForm))
        const token = 'accessToken' in issued ? issued.accessToken : assert.fail(issued.code)
        assert.ok(await attacksOn(test, proof, token).exchange(), 'an attack that never works proves nothing')
        const proofs = scope === 'credential' || scope === 'certificate' ? [proof] : [proof, secret]
        const replicas = proofs.flatMap((each) => [attacksOn(test, each, token), attacksOn(other, each, token)])
        const attacks = replicas.flatMap(({ issue, exchange, introspect }) => [issue, exchange, introspect])
        const { before, after, worked } = await raceAgainst(attacks, () => contain('quarantine'))
        t.diagnostic(`${scope}: ${before} worked before the acknowledgement, ${worked} of ${after} after it`)
        assert.equal(worked, 0, scope)
        total += after
        await contain('release')
      }
      // The token scope is last: what it stops is the token alone, so only what its holder does with it can show it.
      const issued = await test.broker.issueToken(requestOf(secret, tokenForm))
      const token = 'accessToken' in issued ? issued.accessToken : assert.fail(issued.code)
      const attacks = [test, other].flatMap((replica) => {
        const { exchange, introspect } = attacksOn(replica, secret, token)
        return [exchange, introspect]
      })
      const { before, after, worked } = await raceAgainst(attacks, () =>
        test.broker.revokeToken(requestOf(secret, { token })),
      )
      t.diagnostic(`token: ${before} worked before the acknowledgement, ${worked} of ${after} after it`)
      assert.equal(worked, 0)
      assert.ok(total + after >= 10_000, `${total + after} attempts`)
    } finally {
      await other.room.hot.drain()
      await other.http.close()
    }
  },
)
