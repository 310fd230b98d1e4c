import assert from 'node:assert/strict'
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = join(import.meta.dirname, '../..')
// A small program in the places of the server's: that the server itself can be packed is seen by every test that starts one.
const MADE_OF = {
  'server/src/start.ts': "import { greeting } from '../../sdk/src/greeting.ts'\nexport const start = () => greeting\n",
  'server/migrations/none.ts': 'export const none: readonly string[] = []\n',
  'cedar/src/none.ts': 'export const none: readonly string[] = []\n',
  'scan/src/none.ts': 'export const none: readonly string[] = []\n',
  'sdk/src/greeting.ts': "export const greeting: string = 'the real start'\n",
}

test('a server starts from one file made of the sources as they are now, and from the sources where none can be made', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-packed-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(MADE_OF)) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  for (const name of ['packed.js', 'pack.js'])
    copyFileSync(join(import.meta.dirname, name), join(folder, 'server/src', name))
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const { packedServer, startOfServer } = await import(join(folder, 'server/src/packed.js'))
  const kept = join(folder, 'kept')
  const packed = async (): Promise<string> => fileURLToPath(await packedServer(kept))

  const first = await packed()
  const { mtimeMs } = statSync(first)
  assert.equal(await packed(), first)
  assert.equal(statSync(first).mtimeMs, mtimeMs, 'made again, though nothing changed')
  assert.match(readFileSync(`${first}.map`, 'utf8'), /"sources":\[/)
  assert.match(readFileSync(first, 'utf8'), /the real start/, 'what it imports is in the same file')

  appendFileSync(join(folder, 'server/src/start.ts'), "export const changed = 'a mark that no source had'\n")
  const second = await packed()
  assert.notEqual(second, first)
  assert.match(readFileSync(second, 'utf8'), /a mark that no source had/)

  for (const name of Object.keys(MADE_OF)) {
    const text = readFileSync(join(folder, name), 'utf8')
    writeFileSync(join(folder, name), `${text}// changed\n`)
    assert.notEqual(await packed(), second, `nothing new was made for another ${name}`)
    writeFileSync(join(folder, name), text)
  }

  // Archives give every file one time, and a change may be as long as what it changes.
  const source = join(folder, 'server/src/start.ts')
  const { atime, mtime } = statSync(source)
  writeFileSync(source, readFileSync(source, 'utf8').replace('no source had', 'NO SOURCE HAD'))
  utimesSync(source, atime, mtime)
  const third = await packed()
  assert.match(readFileSync(third, 'utf8'), /a mark that NO SOURCE HAD/)

  truncateSync(third)
  assert.equal((await startOfServer(kept))(), 'the real start', 'a broken one stops nobody')
  assert.equal(existsSync(third), false, 'and is made again')

  writeFileSync(join(folder, 'no-folder'), '')
  assert.equal(await packedServer(join(folder, 'no-folder')), undefined)
})
