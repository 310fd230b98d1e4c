import assert from 'node:assert/strict'
import { addKey, addSecret, onEveryBroker, setUpOrders } from '../../test/broker.ts'

onEveryBroker(
  'whoever asks what a stop breaks is told how many credentials work, and page by page each of them once',
  async (test) => {
    setUpOrders(test)
    const made: string[] = []
    // Two of one moment, so that a page ends between them.
    for (const add of [addKey, addSecret, addKey]) made.push((await add(test)).id)
    const over = await addKey(test)
    await test.call('broker.credential.revoke', { credential: over.id, reason: 'test' })
    const held = await addKey(test)
    await test.call('broker.credential.quarantine', { credential: held.id, reason: 'test' })
    const { credentials } = test.broker.impact
    const page = (after: readonly (string | number)[] | undefined) =>
      credentials(test.room.database.reader, 'nhi_sync', { after, limit: 2 })
    const first = await page(undefined)
    const second = await page(first.next)
    assert.deepEqual([first.total, first.items.length], [3, 2])
    assert.deepEqual([second.total, second.items.length, second.next], [3, 1, undefined])
    assert.deepEqual([...first.items, ...second.items].map(({ id }) => id).toSorted(), made.toSorted())
    const whole = await credentials(test.room.database.reader, 'nhi_sync', { after: undefined, limit: 3 })
    assert.deepEqual([whole.items.length, whole.next], [3, undefined])
    await assert.rejects(page(['x', 1]), { code: 'bad_cursor' })
    test.room.clock.advance(400 * 86_400_000)
    assert.equal((await page(undefined)).total, 0, 'what has expired breaks with nothing')
  },
)
