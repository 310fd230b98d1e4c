import { spawnSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'

const roots = process.argv.slice(2)
const patterns = (
  roots.length > 0 ? roots : ['server', 'cedar', 'scan', 'sdk', 'cli', 'test', 'examples', 'bench']
).map((root) => (root.endsWith('.ts') ? root : `${root}/**/*.test.ts`))
const files = globSync(patterns, { exclude: (name) => name.includes('node_modules') || name.includes('estate') }).sort()
// Hundreds of small databases: in memory where that is to be had, so that a slow disk does not make the tests slow.
const memory = '/dev/shm'
const env = process.env.TMPDIR === undefined && existsSync(memory) ? { ...process.env, TMPDIR: memory } : process.env
const run = spawnSync(process.execPath, ['--test', '--test-concurrency=2', '--test-timeout=120000', ...files], {
  stdio: 'inherit',
  env,
})
process.exit(run.status ?? 1)
