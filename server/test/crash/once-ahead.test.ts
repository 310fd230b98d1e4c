import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rowsOf } from '../../src/ledger/append.ts'
import { draftOf, killedCopy, newFolder, type Opened, open, random, warm } from './ahead.ts'

const now = new Date(0)
const until = new Date(60_000)

const onceOf = (key: string) => ({ space: 'test', key, until })

/** Uses up what has this key; resolves to whether it was new. */
const use = ({ hot }: Opened, ...keys: readonly string[]): Promise<boolean> =>
  hot.run<boolean>({
    judge: () => ({ drafts: [draftOf('act.use')], value: true }),
    once: keys.map(onceOf),
    replayed: () => ({ drafts: [draftOf('act.replay')], value: false }),
  })

/** Whether it goes ahead of the tables now. */
const goesAhead = ({ ahead }: Opened, ...keys: readonly string[]): boolean =>
  ahead.keep(rowsOf([draftOf('act.use')], [], { random, now }), keys.map(onceOf)) !== undefined

test('what is used once goes ahead of the tables, and is new to nobody from that moment on', async (t) => {
  const opened = await open(await newFolder(t))
  await warm(opened)
  assert.equal(await use(opened, 'first'), true)
  assert.equal(opened.ahead.isEmpty(), false, 'it is ahead')
  assert.equal(goesAhead(opened, 'second'), true)
  // The disk has not taken it yet.
  assert.equal(goesAhead(opened, 'second'), false)
  assert.equal(goesAhead(opened, 'other', 'first'), false)
  assert.equal(goesAhead(opened, 'twice', 'twice'), false)
  assert.equal(await use(opened, 'second'), false)
  assert.equal(opened.ahead.isEmpty(), true, 'who comes again is told by the tables')
  assert.equal(goesAhead(opened, 'first'), false, 'what is in the tables is looked for there')
  assert.equal(await use(opened, 'first'), false)
  assert.equal(await use(opened, 'other', 'twice'), true, 'what did not go ahead was not used up')
  await opened.close()
})

test('one that was used is found among however many, wherever it stands', async (t) => {
  const opened = await open(await newFolder(t))
  await warm(opened)
  assert.equal(await use(opened, 'used'), true)
  await opened.database.writeGroup(async () => undefined)
  for (const count of [1, 3, 4, 7, 16, 22, 64, 86]) {
    const fresh = Array.from({ length: count }, (_, at) => `new.${count}.${at}`)
    for (let at = 0; at < count; at++)
      assert.equal(goesAhead(opened, ...fresh.with(at, 'used')), false, `${count}.${at}`)
    assert.equal(goesAhead(opened, ...fresh), true)
  }
  await opened.close()
})

test('of many who use the same at once one does, ahead of the tables or not', async (t) => {
  const opened = await open(await newFolder(t))
  await warm(opened)
  for (const key of ['a', 'b', 'c']) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => use(opened, key)))
    assert.equal(answers.filter((isNew) => isNew).length, 1)
  }
  await opened.close()
})

test('whenever the process is killed, what was used ahead of the tables is used up at the next start', async (t) => {
  const opened = await open(await newFolder(t))
  await warm(opened)
  const used: string[] = []
  const copies: (readonly [string, readonly string[]])[] = []
  for (let at = 0; at < 12; at++) {
    used.push(`key.${at}`)
    assert.equal(await use(opened, `key.${at}`), true)
    // Somebody else writes now and then: what was ahead is in the tables, and the journal still holds it.
    if (at % 4 === 2) await opened.database.writeGroup(async () => undefined)
    if (at % 3 === 0) copies.push([killedCopy(opened, `killed-${at}`), [...used]])
  }
  await opened.close()
  for (const [copy, keys] of copies) {
    const again = await open(copy)
    for (const key of keys) assert.equal(await use(again, key), false, key)
    assert.equal(await use(again, 'new'), true)
    await again.close()
  }
})
