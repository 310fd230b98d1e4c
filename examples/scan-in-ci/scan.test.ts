import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { parseDocument } from 'yaml'

const FOLDER = import.meta.dirname
const ROOT = join(FOLDER, '../..')

const folderOf = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-scan-action-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

const runIn = (folder: string, more: Readonly<Record<string, string>> = {}) =>
  spawnSync('bash', [join(FOLDER, 'scan.sh')], {
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH,
      REEVE_PROGRAM: `${process.execPath} ${join(ROOT, 'cli/bin/reeve.js')}`,
      REEVE_CONFIG: join(folder, 'config'),
      SCAN_PATH: join(ROOT, 'examples/estate'),
      FAIL_ON: 'critical',
      ...more,
      RUNNER_TEMP: folder,
      GITHUB_OUTPUT: join(folder, 'output'),
      GITHUB_STEP_SUMMARY: join(folder, 'summary.md'),
    },
  })

test('the action fails on what is bad enough, and leaves the report for the code host and the page of the run', (t) => {
  const folder = folderOf(t)
  const run = runIn(folder)
  assert.equal(run.status, 8, run.stderr)
  const sarif = readFileSync(join(folder, 'output'), 'utf8').trim().replace('sarif=', '')
  assert.equal(JSON.parse(readFileSync(sarif, 'utf8')).version, '2.1.0')
  assert.match(readFileSync(join(folder, 'summary.md'), 'utf8'), /^# Scan\n/)
})

test('runs of the action with one salt know each other’s secrets', (t) => {
  const fingerprints = [0, 1].map(() => {
    const folder = folderOf(t)
    runIn(folder, { SALT: 'a salt for these tests only', SCAN_PATH: join(ROOT, 'examples/estate/billing') })
    return readFileSync(join(folder, 'reeve-scan.sarif'), 'utf8').match(/"reeve\/v1": ?"\w+"/g)
  })
  assert.ok((fingerprints[0]?.length ?? 0) > 0)
  assert.deepEqual(fingerprints[0], fingerprints[1])
})

test('what the action declares is what its program reads', () => {
  const action = parseDocument(readFileSync(join(FOLDER, 'action.yml'), 'utf8')).toJS()
  const script = readFileSync(join(FOLDER, 'scan.sh'), 'utf8')
  const [step] = action.runs.steps
  for (const name of Object.keys(step.env)) assert.ok(script.includes(name), name)
  for (const name of Object.keys(action.inputs))
    assert.ok(
      Object.values(step.env).some((value) => String(value).includes(`inputs.${name} }}`)),
      name,
    )
})

test('the hook takes every file name that git may hand it', (t) => {
  const [hook] = parseDocument(readFileSync(join(FOLDER, '.pre-commit-hooks.yaml'), 'utf8')).toJS()
  const folder = folderOf(t)
  writeFileSync(join(folder, '-x.txt'), 'nothing in it\n')
  const words = [...hook.entry.split(' ').slice(1), ...hook.args, '-x.txt']
  const env = { PATH: process.env.PATH, REEVE_CONFIG: join(folder, 'config') }
  const run = spawnSync(process.execPath, [join(ROOT, 'cli/bin/reeve.js'), ...words], {
    cwd: folder,
    env,
    encoding: 'utf8',
  })
  assert.equal(run.status, 0, run.stderr)
  assert.match(run.stdout, /1 file read/)
})
