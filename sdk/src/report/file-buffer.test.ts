import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { until } from '../../test/until.ts'
import type { UseReport } from '../wire.ts'
import { createFileBuffer } from './file-buffer.ts'

const report = (action: string): UseReport => ({
  at: '2026-01-15T00:00:00.000Z',
  token: 't',
  identity: 'nhi_1',
  audience: 'a',
  action,
  outcome: 'allowed',
  code: null,
  ip: null,
})

const newFolder = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-reports-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const drain = async (buffer: ReturnType<typeof createFileBuffer>): Promise<string[]> => {
  const actions: string[] = []
  for (let batch = await buffer.next(); batch !== undefined; batch = await buffer.next()) {
    actions.push(...batch.reports.map(({ action }) => action ?? ''))
    await buffer.settle(batch.key)
  }
  return actions
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at))

test('reports come back in order, in batches of at most 500, and leave no file behind when they were accepted', async (t) => {
  const folder = newFolder(t)
  const buffer = createFileBuffer({ folder })
  for (const action of numbers(1_234)) buffer.add(report(action))
  assert.equal(buffer.held, 1_234)
  assert.deepEqual((await buffer.next())?.reports.length, 500)
  assert.deepEqual(await drain(buffer), numbers(1_234))
  assert.equal(buffer.held, 0)
  await buffer.close()
  assert.deepEqual(readdirSync(folder), [])
})

test('a batch keeps its key until it is settled, also over a restart', async (t) => {
  const folder = newFolder(t)
  const first = createFileBuffer({ folder })
  first.add(report('a'))
  const key = (await first.next())?.key
  assert.equal((await first.next())?.key, key)
  await first.close()
  const second = createFileBuffer({ folder })
  assert.equal(second.held, 1)
  assert.equal((await second.next())?.key, key)
  await second.settle(String(key))
  assert.equal(await second.next(), undefined)
  await second.close()
})

test('what was written before a process is killed is sent by the next one', async (t) => {
  const folder = newFolder(t)
  const program = `
    import { createFileBuffer } from ${JSON.stringify(new URL('file-buffer.ts', import.meta.url).href)}
    import { readFileSync } from 'node:fs'
    const buffer = createFileBuffer({ folder: ${JSON.stringify(folder)} })
    for (let at = 0; at < 700; at += 1) buffer.add({ ...${JSON.stringify(report(''))}, action: String(at) })
    // It is renamed by a thread of its own: now and then it is not there between two looks.
    const open = () => { try { return readFileSync(${JSON.stringify(join(folder, 'open.ndjson'))}, 'utf8') } catch { return '' } }
    const written = () => open().includes('"699"')
    const look = () => (written() ? process.kill(process.pid, 'SIGKILL') : setImmediate(look))
    look()`
  const { signal, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    ...{ encoding: 'utf8', timeout: 120_000 },
  })
  assert.equal(signal, 'SIGKILL', stderr)
  const buffer = createFileBuffer({ folder })
  assert.equal(buffer.held, 700)
  assert.deepEqual(await drain(buffer), numbers(700))
  await buffer.close()
})

test('a line that a crash cut short, or that is no report, costs only itself', async (t) => {
  const folder = newFolder(t)
  writeFileSync(
    join(folder, 'open.ndjson'),
    `\n${JSON.stringify(report('a'))}\n{"at":"2026\n{}\n\n${JSON.stringify(report('b'))}\n{"at":`,
  )
  const buffer = createFileBuffer({ folder })
  assert.deepEqual(await drain(buffer), ['a', 'b'])
  buffer.add(report('c'))
  const open = join(folder, 'open.ndjson')
  await until(() => existsSync(open) && readFileSync(open, 'utf8').includes('"c"'))
  appendFileSync(open, '{"cut')
  buffer.add(report('d'))
  assert.deepEqual(await drain(buffer), ['c', 'd'])
  await buffer.close()
})

test('a batch file that holds nothing readable is dropped, counted, and does not stop the next', async (t) => {
  const folder = newFolder(t)
  writeFileSync(join(folder, 'batch-000000000001-3-key-1.ndjson'), '\0\0\0')
  writeFileSync(join(folder, 'batch-000000000002-1-key-2.ndjson'), `\n${JSON.stringify(report('b'))}`)
  const buffer = createFileBuffer({ folder })
  assert.deepEqual(await drain(buffer), ['b'])
  assert.equal(buffer.dropped, 3)
  await buffer.close()
})

test('the folder is bounded: the oldest batch that is not on its way goes, and is counted', async (t) => {
  const folder = newFolder(t)
  const buffer = createFileBuffer({ folder, batchesMax: 3 })
  for (const action of numbers(500)) buffer.add(report(action))
  const sending = await buffer.next()
  for (const action of numbers(2_000)) buffer.add(report(action))
  await until(() => buffer.dropped === 1_000)
  assert.equal((await buffer.next())?.key, sending?.key)
  assert.equal(buffer.held, 1_500)
  await buffer.close()
})

test('a folder that another living buffer has is refused, with the pid that has it', async (t) => {
  const folder = newFolder(t)
  const buffer = createFileBuffer({ folder })
  assert.throws(() => createFileBuffer({ folder }), new RegExp(`in use by process ${process.pid}`))
  await buffer.close()
  writeFileSync(join(folder, 'lock'), '1 0')
  assert.throws(() => createFileBuffer({ folder }), /in use by process 1;/)
})

test('a lock that a dead process left, or an earlier one with the same pid, is taken over', async (t) => {
  const folder = newFolder(t)
  for (const lock of [`${process.pid} 1`, '4194999 1', 'nonsense', '']) {
    writeFileSync(join(folder, 'lock'), lock)
    await createFileBuffer({ folder }).close()
  }
})

test('a disk that cannot be written costs reports, counted, and never throws', async (t) => {
  const folder = newFolder(t)
  const buffer = createFileBuffer({ folder })
  rmSync(folder, { recursive: true })
  appendFileSync(folder, 'a file where the folder was')
  buffer.add(report('a'))
  await until(() => buffer.dropped === 1)
  assert.equal(await buffer.next(), undefined)
  rmSync(folder)
})
