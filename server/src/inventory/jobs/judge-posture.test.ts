import assert from 'node:assert/strict'
import { bot, team } from '../../../test/inventory.ts'
import { openPlugged } from '../../../test/plugged.ts'
import { adminCaller, onEveryEngine } from '../../../test/room.ts'

const DAY_MS = 24 * 60 * 60 * 1000

onEveryEngine(
  'the register is judged by the rules of scans: findings open, change and close by themselves, as events',
  async (room, t) => {
    const { rooms } = await openPlugged(room)
    const job = rooms.jobs.find(({ name }) => name === 'inventory: judge posture')
    const call = async (name: string, input: object) => {
      const operation = rooms.operations.find((each) => each.name === name)
      assert.ok(operation !== undefined, name)
      return Object(await rooms.pipeline.call(operation, input, adminCaller))
    }
    const judge = async () => {
      await job?.run(room.clock.now())
      const { items } = await call('observe.finding.list', { source: 'reeve:posture', limit: 200 })
      return items.map(({ rule, severity, state }: Record<string, string>) => `${rule} ${severity} ${state}`).sort()
    }
    const events = async () =>
      (await room.events())
        .filter(({ kind }) => /^observe\.finding\.(open|change|close)$/.test(kind))
        .map(({ kind, on }) => `${kind} ${on?.name}`)
    const importing = (sightings: readonly object[], isJudged = true, complete = true) =>
      call('inventory.sighting.import', {
        sightings,
        saltId: '0123456789abcdef',
        scan: { name: 'shop', scannedAt: room.clock.now().toISOString(), complete, isJudged },
      })
    await call('inventory.team.create', team())
    await call('inventory.identity.create', bot('quiet'))

    await t.test('a new identity has no finding, and a risk of nothing', async () => {
      assert.deepEqual(await judge(), [])
      const [risk] = (await call('inventory.risk.list', {})).items
      assert.deepEqual([risk.name, risk.score, risk.factors], ['quiet', 0, []])
    })
    await t.test('unused for as long as its tier allows, it is found, and its risk says why', async () => {
      room.clock.advance(61 * DAY_MS)
      assert.deepEqual(await judge(), ['posture/unused medium open'])
      assert.deepEqual(await judge(), ['posture/unused medium open'])
      assert.deepEqual(await events(), ['observe.finding.open quiet'])
      const [risk] = (await call('inventory.risk.list', {})).items
      assert.deepEqual(
        risk.factors.map(({ factor }: Record<string, string>) => factor),
        ['unused', 'production'],
      )
    })
    await t.test('privileged by what a scan saw of it, the same finding is worse', async () => {
      await call('inventory.alias.add', { identity: 'quiet', key: 'aws:arn:aws:iam::111122223333:role/quiet' })
      const where = { path: 'account.json', line: 3 }
      await importing([
        {
          ...{ source: 'aws', kind: 'account', name: 'role quiet', where },
          stableKey: 'aws:arn:aws:iam::111122223333:role/quiet',
          traits: ['aws:admin', 'aws:access-key', 'aws:trust-everybody'].map((trait) => ({
            trait,
            detail: trait,
            where,
          })),
        },
      ])
      const found = await judge()
      assert.ok(found.includes('posture/unused high open'), found.join())
      assert.ok(found.includes('posture/high-risk critical open'), found.join())
      assert.ok((await events()).includes('observe.finding.change quiet'))
      const [risk] = (await call('inventory.risk.list', { high: true })).items
      assert.equal(risk.name, 'quiet')
    })
    await t.test('what is mended closes, and what is retired and still there is found', async () => {
      await call('inventory.identity.retire', { identity: 'quiet', reason: 'nobody needs it' })
      room.clock.advance(1000)
      const found = await judge()
      assert.deepEqual(
        found.filter((each: string) => each.endsWith('open')),
        ['posture/retired-but-seen high open'],
      )
      assert.ok(found.includes('posture/high-risk critical closed'))
      assert.ok((await events()).includes('observe.finding.close quiet'))
      assert.deepEqual((await call('inventory.risk.list', {})).items, [])
    })
    await t.test(
      'what came without findings is judged, and one secret of two repositories is found across scans',
      async () => {
        const secret = (repository: string) => ({
          ...{ source: 'env', kind: 'service', name: repository, stableKey: `env:${repository}`, repository },
          where: { path: `${repository}/.env`, line: 1, repository, inRepository: '.env' },
          traits: [
            {
              ...{ trait: 'ci:permissions-write-all', detail: 'write-all' },
              where: { path: `${repository}/.env`, line: 1, repository, inRepository: '.env' },
              credential: { type: 'api-key', provider: 'AWS', fingerprint: 'a'.repeat(32), tail: '' },
            },
          ],
        })
        room.clock.advance(1000)
        await importing([secret('shop'), secret('blog')], false)
        const open = async () => (await judge()).filter((each: string) => each.endsWith('open'))
        const unjudged = await open()
        assert.ok(unjudged.includes('ci/permissions-write-all high open'), unjudged.join())
        assert.ok(unjudged.includes('posture/reused-credential medium open'), unjudged.join())
        room.clock.advance(1000)
        await importing([secret('shop'), secret('blog')])
        assert.deepEqual(await open(), ['posture/reused-credential medium open'])
      },
    )
    await t.test('what one file says of two identities, or of two sightings, is found of each of them', async () => {
      const where = { path: 'estate.json', line: 1, repository: 'estate', inRepository: 'estate.json' }
      const seen = (name: string) => ({
        ...{ source: 'aws', kind: 'account', name, where, stableKey: `aws:${name}` },
        traits: [{ trait: 'terraform:secret-in-state', detail: 'AWS key', where }],
      })
      // More than one page of them.
      const more = Array.from({ length: 510 }, (_, i) => seen(`more-${i}`))
      for (const name of ['one', 'two']) {
        await call('inventory.identity.create', bot(name))
        await call('inventory.alias.add', { identity: name, key: `aws:${name}` })
      }
      room.clock.advance(1000)
      await importing(more.slice(0, 500), false, false)
      await importing([seen('one'), seen('two'), ...more.slice(500)], false)
      await job?.run(room.clock.now())
      const { items } = await call('observe.finding.list', { state: 'open', rule: 'posture/leaked-secret' })
      assert.equal(new Set(items.map(({ identity }: { identity: string }) => identity)).size, 2)
      const inState = async () => {
        const rows = room.database.reader.selectFrom('observe_finding').select('sighting').where('state', '=', 'open')
        return (await rows.where('rule', '=', 'terraform/secret-in-state').execute()).length
      }
      assert.equal(await inState(), 512)
      // And it is the same finding, whoever else is found beside.
      const leaks = async () => {
        const { items: open } = await call('observe.finding.list', { state: 'open', rule: 'posture/leaked-secret' })
        return open.map(({ identity, id }: Record<string, string>) => `${identity} ${id}`)
      }
      const before = await leaks()
      await call('inventory.identity.retire', { identity: 'one', reason: 'done' })
      room.clock.advance(1000)
      await job?.run(room.clock.now())
      const [left, ...others] = await leaks()
      assert.deepEqual([before.includes(left), others], [true, []])
      await call('inventory.identity.retire', { identity: 'two', reason: 'done' })
    })
    await assert.rejects(
      call('observe.finding.import', {
        source: 'reeve:posture',
        scannedAt: room.clock.now().toISOString(),
        findings: [],
      }),
      { code: 'source_reserved' },
    )
  },
)
