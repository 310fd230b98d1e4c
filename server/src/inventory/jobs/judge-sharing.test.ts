import assert from 'node:assert/strict'
import { bot, team } from '../../../test/inventory.ts'
import { openJudging, seenAs } from '../../../test/judging.ts'
import { onEveryEngine } from '../../../test/room.ts'

const DAY_MS = 24 * 60 * 60 * 1000

onEveryEngine(
  'what several business units share is found, and only low-risk reading is accepted, while it is that',
  async (room, t) => {
    const { call, judge, findings, importing, kinds } = await openJudging(room)
    await call('inventory.team.create', team())
    await call('inventory.team.create', { ...team('ledger'), businessUnit: 'finance' })
    const staging = (name: string, over: object = {}) => ({ ...bot(name), environment: 'staging', ...over })
    for (const name of ['reader', 'other']) await call('inventory.identity.create', staging(name))
    const ofFinance = { ...bot().tags, business_unit: 'finance', application: 'books' }
    await call('inventory.identity.create', staging('books', { owner: 'ledger', tags: ofFinance }))
    for (const name of ['reader', 'other', 'books'])
      await call('inventory.alias.add', { identity: name, key: `aws:${name}` })
    const owned = (by: string) => seenAs('aws:reader', { ownerHint: { value: by, because: 'CODEOWNERS' } })
    const accept = async (rule: string) => {
      const [found] = await findings(rule)
      const expiresAt = new Date(room.clock.now().getTime() + 30 * DAY_MS).toISOString()
      return call('observe.finding.accept', { finding: found?.id, reason: 'both only look', expiresAt })
    }

    await t.test('an identity that the code of another unit owns; its own unit and nobody are none', async () => {
      await importing([owned('@acme/payments')])
      assert.deepEqual(await judge(), [])
      await importing([owned('@acme/nobody')])
      assert.deepEqual(await judge(), [])
      const ours = seenAs('aws:reader-too', { ownerHint: { value: 'payments', because: 'CODEOWNERS' } })
      await call('inventory.alias.add', { identity: 'reader', key: 'aws:reader-too' })
      await importing([owned('@acme/ledger'), ours])
      assert.deepEqual(await judge(), ['posture/shared-across-units low open'])
      const [{ evidence } = {}] = await findings('posture/shared-across-units')
      assert.deepEqual(Object.values(evidence ?? {}), ['used by commerce and finance: ledger owns aws:reader (aws)'])
    })
    await t.test('accepted as low-risk reading, it opens again as soon as it is more', async () => {
      assert.equal((await accept('posture/shared-across-units')).state, 'accepted')
      assert.deepEqual(await judge(), ['posture/shared-across-units low accepted'])
      const shared = [owned('@acme/ledger')]
      // As when a grant raises it, and its end lowers it.
      const putTier = (tier: string) =>
        room.database.write((tx) =>
          tx.updateTable('inventory_identity').set({ tier }).where('name', '=', 'reader').execute(),
        )
      const goes = async () => {
        await importing([])
        assert.deepEqual(await judge(), ['posture/shared-across-units low closed'])
      }
      await goes()
      await importing(shared)
      assert.deepEqual(await judge(), ['posture/shared-across-units low accepted'], 'until its end, though it was away')
      const back = (await room.events()).filter(({ kind }) => kind === 'observe.finding.open').at(-1)
      assert.deepEqual(back?.change, [{ field: 'state', before: 'closed', after: 'accepted' }])
      await goes()
      await putTier('medium')
      await importing(shared)
      assert.deepEqual(await judge(), ['posture/shared-across-units high open'], 'worse than what was accepted')
      await putTier('low')
      assert.deepEqual(await judge(), ['posture/shared-across-units low open'])
      await accept('posture/shared-across-units')
      await putTier('medium')
      assert.deepEqual(await judge(), ['posture/shared-across-units high open'])
      assert.ok((await kinds()).includes('observe.finding.reopen'))
      await assert.rejects(accept('posture/shared-across-units'), { code: 'sharing_not_low_risk' })
      await importing([])
      assert.deepEqual(await judge(), ['posture/shared-across-units high closed'])
    })
    await t.test('one credential that identities of two units, applications and environments have', async () => {
      const secret = (key: string, more: object = {}) => {
        const path = `${key.replace(':', '-')}.env`
        const where = { path, line: 1, repository: 'estate', inRepository: path }
        const credential = { type: 'api-key', provider: 'AWS', fingerprint: 'b'.repeat(32), tail: '' }
        const traits = [{ trait: 'aws:reach', detail: 'reads', where, credential }]
        return seenAs(key, { where, traits, ...more })
      }
      const across = async () =>
        (await judge()).filter((each) => /across-units|reused|across-environments/.test(each) && /open/.test(each))
      await importing([secret('aws:reader'), secret('aws:other')])
      assert.deepEqual(await across(), [])
      await importing([secret('aws:other'), secret('aws:books')])
      assert.deepEqual(await across(), ['posture/across-units low open', 'posture/reused-credential low open'])
      await importing([secret('aws:reader'), secret('aws:books')])
      assert.deepEqual(await across(), ['posture/across-units high open', 'posture/reused-credential medium open'])
      await importing([secret('aws:books'), secret('aws:stranger', { repository: 'shop' })])
      const environment = (value: string) => ({ environment: { value, because: 'its name' } })
      await importing([secret('aws:books', environment('staging')), secret('aws:stranger', environment('production'))])
      assert.ok((await across()).includes('posture/across-environments high open'))
      await importing([])
      assert.deepEqual(await across(), [])
    })
    await t.test('what nobody registered is at no known risk, and is not accepted', async () => {
      await call('observe.finding.import', {
        ...{ source: 'acme/shop', scannedAt: room.clock.now().toISOString() },
        findings: [
          {
            ...{ fingerprint: 'reused-one', rule: 'posture/reused-credential', severity: 'low', confidence: 'high' },
            ...{
              owasp: 'NHI9',
              title: 'reused',
              why: 'it is',
              fix: 'mend it',
              where: { path: 'a', line: 1 },
              evidence: [],
            },
          },
        ],
      })
      const { items } = await call('observe.finding.list', { source: 'acme/shop' })
      const expiresAt = new Date(room.clock.now().getTime() + DAY_MS).toISOString()
      const accepted = call('observe.finding.accept', { finding: items[0].id, reason: 'why not', expiresAt })
      await assert.rejects(accepted, { code: 'sharing_not_low_risk' })
    })
  },
)
