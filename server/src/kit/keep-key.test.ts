import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { keepKey } from './keep-key.ts'
import { systemRandom } from './random.ts'

const random = systemRandom()

const makeFolder = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-key-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('a key is kept for its owner alone, and a second one never takes its place', (t) => {
  const folder = makeFolder(t)
  const file = join(folder, 'kek')
  const key = random.bytes(32)
  assert.equal(keepKey(file, key, 'first'), true)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.equal(keepKey(file, random.bytes(32), 'second'), false)
  assert.equal(readFileSync(file, 'utf8'), `${key.toString('base64')}\n`)
  assert.deepEqual(readdirSync(folder), ['kek'], 'nothing else is left behind')
})

test('a key that cannot be written leaves nothing that looks like one', (t) => {
  const folder = makeFolder(t)
  writeFileSync(join(folder, 'file'), '')
  assert.throws(() => keepKey(join(folder, 'file', 'kek'), random.bytes(32), 'draft'), { code: 'ENOTDIR' })
  assert.deepEqual(readdirSync(folder), ['file'])
})

const RACERS = 8
const FILES = 200

// Each keeps its key in file after file and says what it reads there at once, whether it was the first or not.
const RACER = `
  import { readFileSync } from 'node:fs'
  import { join } from 'node:path'
  import { keepKey } from ${JSON.stringify(join(import.meta.dirname, 'keep-key.ts'))}
  const [folder, name] = process.argv.slice(1)
  process.stdin.once('data', () => {
    const told = []
    for (let n = 0; n < ${FILES}; n++) {
      const file = join(folder, String(n))
      told.push([keepKey(file, Buffer.alloc(32, name), name), readFileSync(file, 'utf8')])
    }
    process.stdout.end(JSON.stringify(told))
    process.stdin.destroy()
  })
  process.stdout.write(' ')
`

test(`of ${RACERS} processes that keep a key in one place, ${FILES} times, one does, and all read it whole`, async (t) => {
  const folder = makeFolder(t)
  const racers = Array.from({ length: RACERS }, (_, number) => startRacer(t, folder, `key-${number}`))
  await Promise.all(racers.map(({ ready }) => ready))
  for (const { go } of racers) go()
  const told = await Promise.all(racers.map(({ told: answer }) => answer))
  for (let number = 0; number < FILES; number++) {
    const ofFile = told.map((each) => each[number])
    assert.equal(ofFile.filter((each) => each?.[0]).length, 1, `one is the first in file ${number}`)
    assert.deepEqual(new Set(ofFile.map((each) => each?.[1])).size, 1, 'and all read the same')
    assert.equal(Buffer.from(ofFile[0]?.[1] ?? '', 'base64').length, 32)
  }
  assert.equal(readdirSync(folder).length, FILES)
})

const startRacer = (t: TestContext, folder: string, name: string) => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', RACER, folder, name], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  let text = ''
  const ready = new Promise<void>((resolve) => child.stdout.once('data', () => resolve()))
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  const told = new Promise<readonly (readonly [boolean, string])[]>((resolve) =>
    child.once('close', () => resolve(JSON.parse(text))),
  )
  return { ready, told, go: () => child.stdin.write('go') }
}
