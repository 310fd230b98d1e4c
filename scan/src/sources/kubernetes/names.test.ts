import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { scan } from '../../scan.ts'

const GIVEN = { salt: 'a salt for these tests only', now: new Date('2026-09-01T00:00:00Z') }
const ACCOUNT = 'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web, namespace: app}\n'

test('two clusters are two also where the folder of all clusters is what is scanned, in no repository', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'clusters-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const name of ['east', 'west']) {
    mkdirSync(join(folder, 'clusters', name), { recursive: true })
    writeFileSync(join(folder, 'clusters', name, 'dump.yaml'), ACCOUNT)
  }
  const { sightings } = await scan([join(folder, 'clusters')], GIVEN)
  assert.deepEqual(
    sightings.map(({ name }) => name),
    ['app/web in clusters/east', 'app/web in clusters/west'],
  )
})
