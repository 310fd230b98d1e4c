import assert from 'node:assert/strict'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { processSurroundings } from './surroundings.ts'

const folderWith = (environment: Readonly<Record<string, string>>): string => {
  const before = { ...process.env }
  try {
    for (const name of ['REEVE_CONFIG', 'XDG_CONFIG_HOME', 'HOME']) delete process.env[name]
    Object.assign(process.env, environment)
    return processSurroundings().configFolder
  } finally {
    for (const name of Object.keys(environment)) delete process.env[name]
    Object.assign(process.env, before)
  }
}

test("keys and sessions are kept in the person's own folder, never in the one where the command was started", () => {
  const own = join(userInfo().homedir, '.config/reeve')
  assert.equal(folderWith({}), own)
  assert.equal(folderWith({ HOME: '', REEVE_CONFIG: '', XDG_CONFIG_HOME: '' }), own)
  assert.equal(folderWith({ HOME: '/home/ada', XDG_CONFIG_HOME: 'config' }), '/home/ada/.config/reeve')
  assert.equal(folderWith({ HOME: '/home/ada', XDG_CONFIG_HOME: '/home/ada/own' }), '/home/ada/own/reeve')
  assert.equal(folderWith({ HOME: '/home/ada', REEVE_CONFIG: 'here' }), join(process.cwd(), 'here'))
})
