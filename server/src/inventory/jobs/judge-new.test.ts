import assert from 'node:assert/strict'
import { bot, team } from '../../../test/inventory.ts'
import { openJudging, seenAs } from '../../../test/judging.ts'
import { onEveryEngine } from '../../../test/room.ts'
import { dueForJudging, findDue, forgetDue } from '../store-due.ts'

const MINUTE_MS = 60_000
const where = { path: 'account.json', line: 3 }
const traits = ['aws:admin', 'aws:access-key', 'aws:trust-everybody'].map((trait) => ({ trait, detail: trait, where }))

onEveryEngine('the risk of what was adopted, and what is wrong with it, are known within a minute', async (room, t) => {
  const { call, run, judge, findings, importing, kinds } = await openJudging(room)
  const turn = async () => {
    room.clock.advance(MINUTE_MS)
    await run('inventory: judge new identities')
  }
  const moves = async () => (await kinds()).filter((kind) => /^observe\.finding\.(?:open|change|close)$/.test(kind))
  const adopt = async (name: string) => {
    await importing(['deployer', name].map((each) => seenAs(`aws:${each}`, { traits })))
    const { items } = await call('inventory.sighting.list', { state: 'unmanaged' })
    await call('inventory.sighting.adopt', { ...bot(name), sighting: items[0].id })
  }
  await call('inventory.team.create', team())
  await adopt('deployer')

  await t.test('after the next turn, with its factors and its findings', async () => {
    assert.equal((await call('inventory.risk.show', { identity: 'deployer' })).risk, null)
    await turn()
    const { risk } = await call('inventory.risk.show', { identity: 'deployer' })
    assert.ok(risk.score > 0 && risk.isHigh, JSON.stringify(risk))
    assert.deepEqual(
      (await findings('posture/high-risk')).map(({ severity, state }) => `${severity} ${state}`),
      ['critical open'],
    )
  })
  await t.test('a turn with nobody new does nothing', async () => {
    const before = await kinds()
    await turn()
    assert.deepEqual(await kinds(), before)
  })
  await t.test('the judgement of all finds the same', async () => {
    const before = await moves()
    assert.deepEqual(await judge('posture/high-risk'), ['posture/high-risk critical open'])
    assert.deepEqual(await moves(), before)
  })
  await t.test('a judgement of all that began before an identity was there closes nothing of it', async () => {
    const began = room.clock.now()
    await adopt('later')
    await turn()
    // Not to be met by that judgement, as if its page had been read.
    const put = (state: string) =>
      room.database.write((tx) =>
        tx.updateTable('inventory_identity').set({ state }).where('name', '=', 'later').execute(),
      )
    await put('retired')
    await run('inventory: judge posture', began)
    await put('active')
    const states = (await findings('posture/high-risk')).map(({ state }) => state)
    assert.deepEqual(states, ['open', 'open'])
  })
})

onEveryEngine('the risk of what was linked, merged or split is known within a minute', async (room, t) => {
  const { call, run, importing } = await openJudging(room)
  const turn = async () => {
    room.clock.advance(MINUTE_MS)
    await run('inventory: judge new identities')
  }
  const scoreOf = async (identity: string) => (await call('inventory.risk.show', { identity })).risk?.score
  const due = async () => (await findDue(room.database.reader, 9)).map(({ mark }) => mark)
  await call('inventory.team.create', team())
  for (const name of ['one', 'other']) await call('inventory.identity.create', bot(name))
  await turn()
  const calm = await scoreOf('one')
  await importing([seenAs('aws:strong', { traits })])
  const { items } = await call('inventory.sighting.list', { state: 'unmanaged' })
  const sighting = items[0].id
  await call('inventory.sighting.link', { sighting, identity: 'other' })

  await t.test('when a sighting was linked to it', async () => {
    assert.equal(await scoreOf('other'), calm)
    await turn()
    assert.ok((await scoreOf('other')) > calm)
  })
  await t.test('when one that it is merged with had the sighting', async () => {
    await call('inventory.identity.merge', { identity: 'other', into: 'one', reason: 'the same' })
    assert.equal(await scoreOf('one'), calm)
    await turn()
    assert.ok((await scoreOf('one')) > calm)
  })
  await t.test('when the sighting was taken from it', async () => {
    await call('inventory.sighting.split', { sighting, reason: 'it is another' })
    assert.ok((await scoreOf('one')) > calm)
    await turn()
    assert.equal(await scoreOf('one'), calm)
  })
  await t.test('and nothing of it is kept when that is done, nor of one that was retired meanwhile', async () => {
    assert.deepEqual(await due(), [])
    await call('inventory.sighting.link', { sighting, identity: 'one' })
    await call('inventory.identity.retire', { identity: 'one', reason: 'no longer needed' })
    await turn()
    assert.deepEqual(await due(), [])
  })
  await t.test('what was linked once more while it was judged is judged again', async () => {
    await room.database.write((tx) => dueForJudging(tx, 'first', () => 'due_first'))
    const [read] = await findDue(room.database.reader, 1)
    await room.database.write((tx) => dueForJudging(tx, 'first', () => 'due_second'))
    assert.ok(read)
    await room.database.write((tx) => forgetDue(tx, [read]))
    assert.deepEqual(await due(), ['due_second'])
  })
})
