import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogCopier } from './copy-log.ts'

/** A log of so many pages that says what was done with it. */
const toldLog = (given: { pages: number; copied?: number; failing?: 'flushLog' | 'copy' | 'flushFile' }) => {
  const done: string[] = []
  const does = (name: 'flushLog' | 'copy' | 'flushFile') => {
    if (given.failing === name) throw new Error('EIO')
    done.push(name)
  }
  return {
    done,
    flushLog: async () => does('flushLog'),
    copy: () => {
      does('copy')
      return { pages: given.pages, copied: given.copied ?? given.pages }
    },
    flushFile: async () => does('flushFile'),
  }
}

const commitsUntilDue = (copier: ReturnType<typeof createLogCopier>): number => {
  for (let count = 1; ; count++) if (copier.committed()) return count
}

test('the log is on the disk before it is copied, and the file before anybody may write again', async () => {
  const log = toldLog({ pages: 100 })
  const copier = createLogCopier(log)
  commitsUntilDue(copier)
  await copier.run()
  assert.deepEqual(log.done, ['flushLog', 'copy', 'flushFile'])
})

test('it is copied at about 2,000 pages, however many a commit has, and once however often it was asked for', async () => {
  for (const [pagesOfOne, commits] of [
    [10, 200],
    [1, 1_000],
    [5_000, 1],
  ] as const) {
    const given = { pages: 0 }
    const log = toldLog(given)
    const copier = createLogCopier(log)
    given.pages = commitsUntilDue(copier) * pagesOfOne
    await copier.run()
    await copier.run()
    assert.equal(log.done.length, 3)
    assert.equal(commitsUntilDue(copier), commits)
  }
})

test('what somebody still reads is copied later', async () => {
  const copier = createLogCopier(toldLog({ pages: 1_000, copied: 10 }))
  const commits = commitsUntilDue(copier)
  await copier.run()
  copier.assertSound()
  assert.equal(commitsUntilDue(copier), commits)
})

test('where the file did not take the copy nothing is written any more; the log holds what was acknowledged', async () => {
  for (const failing of ['copy', 'flushFile'] as const) {
    const log = toldLog({ pages: 100, failing })
    const copier = createLogCopier(log)
    commitsUntilDue(copier)
    await assert.rejects(copier.run(), /did not take/)
    assert.throws(() => copier.assertSound(), /did not take/)
    const before = log.done.length
    await assert.rejects(copier.run(), /did not take/)
    assert.equal(log.done.length, before)
  }
})
