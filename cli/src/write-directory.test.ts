import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { writeDirectory } from './write-directory.ts'

test('no name that a server answers leads to a file outside of the folder, and then nothing is written', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'reeve-init-'))
  t.after(() => rmSync(root, { recursive: true }))
  const folder = join(root, 'access')
  for (const name of ['../../up', '..', '.hidden', 'a/b', 'a\\b', '/root', 'a\u0000', 'a\n', '\u202ea', '', '-'])
    assert.throws(
      () =>
        writeDirectory(
          folder,
          new Map([
            ['reeve.yaml', ''],
            [`teams/${name}.yaml`, ''],
          ]),
        ),
      /no name of a file/,
      name,
    )
  assert.deepEqual(readdirSync(root), [])
  writeDirectory(folder, new Map([['teams/orders-2.eu.yaml', '']]))
  assert.deepEqual(readdirSync(join(folder, 'teams')), ['orders-2.eu.yaml'])
})
