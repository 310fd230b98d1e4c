import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { BoundKeyState } from '../token/bound-key.ts'
import { createBoundKeyFile } from './bound-key-file.ts'

const folderOf = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-bound-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const STATE: BoundKeyState = {
  privateKey: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: 'd' },
  generation: 1,
  attempt: 'first',
  isPending: true,
}

test('what was saved is found again, for its user alone, and nothing is left beside it', async (t) => {
  const folder = folderOf(t)
  const path = join(folder, 'key.json')
  const held = await createBoundKeyFile(path).hold()
  assert.equal(held.state, undefined)
  await held.save(STATE)
  await held.save({ ...STATE, generation: 2, previous: 'first', attempt: 'second', isPending: false })
  held.release()
  held.release()
  const again = await createBoundKeyFile(path).hold()
  assert.deepEqual(again.state, { ...STATE, generation: 2, previous: 'first', attempt: 'second', isPending: false })
  again.release()
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.deepEqual(readdirSync(folder), ['key.json'])
})

test('what is no state is told, and is not written over', async (t) => {
  const path = join(folderOf(t), 'key.json')
  for (const text of [
    '',
    '{}',
    '[]',
    '{"privateKey":{},"generation":"1"}',
    JSON.stringify({ ...STATE, isPending: 1 }),
  ]) {
    writeFileSync(path, text)
    await assert.rejects(createBoundKeyFile(path).hold())
    assert.equal(readFileSync(path, 'utf8'), text)
  }
  writeFileSync(path, JSON.stringify(STATE))
  // The lock of who failed is not kept.
  const held = await createBoundKeyFile(path).hold()
  held.release()
})

const program = (path: string, body: string) => `
  import { createBoundKeyFile } from ${JSON.stringify(join(import.meta.dirname, 'bound-key-file.ts'))}
  const store = createBoundKeyFile(${JSON.stringify(path)})
  ${body}`

const run = (text: string) => {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', text], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const said = new Promise<void>((resolve) => child.stdout.once('data', () => resolve()))
  return { child, ended, said }
}

test('processes take turns, and none of their uses is lost', async (t) => {
  const path = join(folderOf(t), 'key.json')
  writeFileSync(path, JSON.stringify(STATE))
  const count = program(
    path,
    `for (let n = 0; n < 5; n++) {
       const held = await store.hold()
       await held.save({ ...held.state, generation: held.state.generation + 1 })
       held.release()
     }`,
  )
  const ends = await Promise.all([run(count), run(count), run(count)].map(({ ended }) => ended))
  assert.deepEqual(ends, [0, 0, 0])
  const store = createBoundKeyFile(path)
  await Promise.all(
    Array.from({ length: 5 }, async () => {
      const held = await store.hold()
      await held.save({ ...(held.state ?? STATE), generation: (held.state?.generation ?? 0) + 1 })
      held.release()
    }),
  )
  const held = await store.hold()
  assert.equal(held.state?.generation, 21)
  held.release()
})

test('what a process that was killed had taken is taken over, with the state as it wrote it last', async (t) => {
  const path = join(folderOf(t), 'key.json')
  writeFileSync(path, JSON.stringify(STATE))
  const { child, ended, said } = run(
    program(
      path,
      `const held = await store.hold()
       await held.save({ ...held.state, generation: 2 })
       console.log('held')
       setInterval(() => {}, 1000)`,
    ),
  )
  await said
  child.kill('SIGKILL')
  await ended
  const held = await createBoundKeyFile(path).hold()
  assert.equal(held.state?.generation, 2)
  held.release()
})
