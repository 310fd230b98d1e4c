import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { enrolAdmin, MAIN, makePlace, startServer } from '../process.ts'
import { crowding } from './ready-time.ts'

const REFUSED_SECONDS_MAX = 2
const GIVEN_UP_MS = 30_000

test('D6: a second process on the same data folder is refused at once, told who has it and what to do, and changes nothing', async (t) => {
  const place = await makePlace('sqlite')
  assert.ok(place)
  try {
    const server = await startServer(place)
    await enrolAdmin(server)
    // The first one writes by itself now and then: it stands still, so that what changes was changed by the second.
    server.kill('SIGSTOP')
    const before = hashFolder(join(place.folder, 'data'))
    const asked = performance.now()
    const second = spawnSync(process.execPath, [MAIN], {
      env: { PATH: process.env.PATH, ...place.environment, REEVE_PORT: '0' },
      encoding: 'utf8',
      // One that is not refused would serve on, and this process would wait for it for ever.
      timeout: GIVEN_UP_MS,
      killSignal: 'SIGKILL',
    })
    const seconds = (performance.now() - asked) / 1000
    assert.equal(second.status, 1)
    assert.match(second.stderr, new RegExp(`in use by process ${server.pid}; stop that process, or .*REEVE_DATA`))
    assert.equal(second.stderr.trim().split('\n').length, 1, 'one sentence, no stack')
    assert.deepEqual(hashFolder(join(place.folder, 'data')), before, 'not one byte changed')
    server.kill('SIGCONT')
    t.diagnostic(`refused after ${(seconds * 1000).toFixed(0)} ms`)
    assert.ok(seconds / crowding() <= REFUSED_SECONDS_MAX, `refused only after ${seconds} s`)
    assert.ok((await fetch(`${server.url}/readyz`)).ok, 'the first one goes on')
    const beside = spawnSync(process.execPath, [MAIN], {
      env: { PATH: process.env.PATH, REEVE_DATA: join(place.folder, 'other'), REEVE_PORT: new URL(server.url).port },
      encoding: 'utf8',
      timeout: GIVEN_UP_MS,
      killSignal: 'SIGKILL',
    })
    assert.equal(beside.status, 1)
    assert.match(
      beside.stderr,
      /^reeve: settings REEVE_HOST and REEVE_PORT: cannot listen at .*: something else listens there\n$/,
    )
    await server.stop()
    const third = await startServer(place)
    await third.stop()
  } finally {
    await place.remove()
  }
})

const hashFolder = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((name) => [
        name,
        createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex'),
      ]),
  )
