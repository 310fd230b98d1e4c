import assert from 'node:assert/strict'
import {
  appendFileSync,
  cpSync,
  existsSync,
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
const MADE_OF = ['server', 'cedar', 'sdk']

test('a server starts from one file made of the sources as they are now, and from the sources where none can be made', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-packed-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const name of MADE_OF) cpSync(join(ROOT, name), join(folder, name), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const { packedServer, startOfServer } = await import(join(folder, 'server/src/packed.js'))
  const kept = join(folder, 'kept')
  const packed = async (): Promise<string> => fileURLToPath(await packedServer(kept))

  const first = await packed()
  const { mtimeMs } = statSync(first)
  assert.equal(await packed(), first)
  assert.equal(statSync(first).mtimeMs, mtimeMs, 'made again, though nothing changed')
  assert.match(readFileSync(`${first}.map`, 'utf8'), /"sources":\[/)

  appendFileSync(join(folder, 'server/src/start.ts'), "export const changed = 'a mark that no source had'\n")
  const second = await packed()
  assert.notEqual(second, first)
  assert.match(readFileSync(second, 'utf8'), /a mark that no source had/)

  // Archives give every file one time, and a change may be as long as what it changes.
  const source = join(folder, 'server/src/start.ts')
  const { atime, mtime } = statSync(source)
  writeFileSync(source, readFileSync(source, 'utf8').replace('no source had', 'NO SOURCE HAD'))
  utimesSync(source, atime, mtime)
  const third = await packed()
  assert.match(readFileSync(third, 'utf8'), /a mark that NO SOURCE HAD/)

  truncateSync(third)
  assert.equal(typeof (await startOfServer(kept)), 'function', 'a broken one stops nobody')
  assert.equal(existsSync(third), false, 'and is made again')

  writeFileSync(join(folder, 'no-folder'), '')
  assert.equal(await packedServer(join(folder, 'no-folder')), undefined)
})
