import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createJournal, ForeignJournal, readJournal } from './journal.ts'

const OWNER = 7
const BLOCK = 4096

const fileFor = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-journal-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'journal')
}

const numbersIn = async (path: string, owner = OWNER) => (await readJournal(path, owner)).map(({ number }) => number)

test('what a journal took is read back in order, whatever its letters, and a journal that is not there holds nothing', async (t) => {
  const path = fileFor(t)
  assert.deepEqual(await readJournal(path, OWNER), [])
  const journal = await createJournal(path, OWNER, 16 * BLOCK)
  const texts = ['{"a":1}', 'ä€😀', '', 'x'.repeat(BLOCK)]
  await Promise.all(texts.map((text, at) => journal.append(at + 1, text)))
  assert.deepEqual(
    await readJournal(path, OWNER),
    texts.map((text, at) => ({ number: at + 1, text, released: 0 })),
  )
  await journal.close(true)
  assert.deepEqual(await numbersIn(path), [1, 2, 3, 4])
})

test('a journal is written around: nothing that is needed is written over, and none is taken beyond its room', async (t) => {
  const path = fileFor(t)
  const journal = await createJournal(path, OWNER, 8 * BLOCK)
  const held: number[] = []
  let refused = 0
  // Sizes of one to three blocks against eight: every way around the end comes up.
  for (let number = 1; number <= 400; number++) {
    const text = 'x'.repeat(((number * 7) % 3) * BLOCK + 10)
    let done = journal.append(number, text)
    while (done === undefined) {
      refused += 1
      assert.ok(held.length > 0, 'an empty journal takes what fits into it')
      journal.release(held.shift() ?? 0)
      done = journal.append(number, text)
    }
    await done
    held.push(number)
    const found = new Set(await numbersIn(path))
    assert.ok(
      held.every((each) => found.has(each)),
      `${number}: ${held} of ${[...found]}`,
    )
  }
  assert.ok(refused > 100, `${refused}`)
  assert.equal(journal.append(401, 'x'.repeat(9 * BLOCK)), undefined)
  await journal.close(false)
  assert.deepEqual(await readJournal(path, OWNER), [])
})

test('a place is not given anew before its write ended, and each frame says up to where all was elsewhere', async (t) => {
  const path = fileFor(t)
  const journal = await createJournal(path, OWNER, 3 * BLOCK)
  const writes = [1, 2].map((number) => journal.append(number, 'first'))
  journal.release(2)
  // Both are elsewhere, and neither write has ended: there is room for none that would come down on the first.
  assert.equal(journal.append(3, 'x'.repeat(BLOCK)), undefined)
  await Promise.all(writes)
  await journal.append(3, 'x'.repeat(BLOCK))
  const [last] = (await readJournal(path, OWNER)).slice(-1)
  assert.deepEqual([last?.number, last?.released], [3, 2])
  await journal.close(false)
})

test('a frame of which any byte is lost is not given, and those behind it are', async (t) => {
  const path = fileFor(t)
  const journal = await createJournal(path, OWNER, 8 * BLOCK)
  await journal.append(1, 'first')
  await journal.append(2, 'second')
  await journal.append(3, 'third')
  await journal.close(true)
  const whole = readFileSync(path)
  const length = 40 + 'second'.length
  for (let at = 0; at < length; at++) {
    const torn = Buffer.from(whole)
    torn[BLOCK + at] = (torn[BLOCK + at] ?? 0) ^ 0x41
    writeFileSync(path, torn)
    const found = await numbersIn(path).catch((error: unknown) => error)
    // What is wrong with the owner's name alone is a frame that is not whole, as any other.
    assert.deepEqual(found, [1, 3], `byte ${at}`)
  }
  for (const end of [0, 10, BLOCK + 3, BLOCK + length - 1, 2 * BLOCK + 5]) {
    writeFileSync(path, whole.subarray(0, end))
    assert.deepEqual(await numbersIn(path), [1, 2].slice(0, Math.floor(end / BLOCK)), `cut at ${end}`)
  }
})

test('a journal of another database is refused with what to do, and never read', async (t) => {
  const path = fileFor(t)
  const journal = await createJournal(path, OWNER, 8 * BLOCK)
  await journal.append(1, 'theirs')
  await journal.close(true)
  await assert.rejects(readJournal(path, OWNER + 1), (error: unknown) => {
    assert.ok(error instanceof ForeignJournal)
    assert.match(error.message, /another database.*move the file away/)
    return true
  })
})
