import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { revocationTarget } from '@reeve/sdk'
import { tokenDigest } from '../../src/broker/memory/token-reader.ts'
import type { AnyTx } from '../../src/kit/database.ts'
import { addSecret, makeFakes, openBroker, postSecret, setUpOrders } from '../broker.ts'
import { onEveryEngine, type Room } from '../room.ts'

onEveryEngine(
  'A4: where signing fails the token is on record already, its asker gets an error, and it can be revoked by its jti and by its credential',
  async (room) => {
    const drawn: string[] = []
    const random = {
      ...room.random,
      bytes: (count: number) => {
        const bytes = room.random.bytes(count)
        drawn.push(bytes.toString('base64url'))
        return bytes
      },
    }
    const test = await openBroker({ ...room, random }, makeFakes())
    try {
      setUpOrders(test)
      const { id, secret } = await addSecret(test)
      assert.equal((await postSecret(test, secret)).status, 200)
      await replaceKey(room)
      drawn.length = 0
      const { status, body } = await postSecret(test, secret)
      assert.equal(status, 500)
      assert.equal(body.error, 'server_error')
      assert.equal(body.access_token, undefined)

      const planned = (await room.events()).at(-1)
      assert.equal(planned?.kind, 'broker.token.issue')
      assert.equal(planned?.credential, id, 'the record names the credential')
      const jti = drawn.find((text) => tokenDigest(text) === planned?.token)
      assert.ok(jti, 'the record names the token by the digest of its jti')

      const expiresAt = new Date(room.clock.now().getTime() + 3_600_000).toISOString()
      await test.call('broker.token.revoke', { jti, expiresAt, reason: 'it was never given out' })
      await test.call('broker.credential.quarantine', { credential: id, reason: 'to be sure' })
      const { entries } = await (await fetch(`${test.url}/revocations`)).json()
      const targets = entries.map(({ target }: { target: string }) => target)
      assert.ok(targets.includes(revocationTarget('token', jti)))
      assert.ok(targets.includes(revocationTarget('credential', id)))
    } finally {
      await test.http.close()
    }
  },
)

/** Puts a key in the place of the signing key that opens but cannot sign with its algorithm. */
const replaceKey = async (room: Room): Promise<void> => {
  const { privateKey } = generateKeyPairSync('x25519')
  const id = 'sgk_cannot_sign'
  const der = privateKey.export({ format: 'der', type: 'pkcs8' })
  const sealed = room.sealer.seal(der, { table: 'broker_signing_key', row: id, column: 'sealed' })
  await room.database.write(async (tx: AnyTx) => {
    await tx.updateTable('broker_signing_key').set({ id, sealed }).where('algorithm', '=', 'ES256').execute()
    await room.changes.signal(tx, [{ topic: 'signing-key', key: id }])
  })
  await room.changes.catchUp()
}
