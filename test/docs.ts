/**
 * Runs the commands of the docs: every `sh run` block of README.md and docs/, file by file, each against a fresh server
 * with a logged-in person; with names, of those files alone. A block's output is not compared; that it exits 0 is.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { end, run, startAndWait } from '../examples/demo/processes.ts'

const ROOT = join(import.meta.dirname, '..')
const BLOCK = /^```sh run\n([\s\S]*?)^```$/gm

const asked = process.argv.slice(2)
const files = asked.length > 0 ? asked : ['README.md', ...globSync('docs/**/*.md', { cwd: ROOT })].sort()
// Most of a block's time is that of programs which start and ask each other: two files keep two cores at work.
const FILES_AT_ONCE = 2
let ran = 0
let failed = 0
const waiting = files.values()
const runNext = async (): Promise<void> => {
  // Each takes the next file that nobody has.
  for (const file of waiting) {
    const blocks = [...readFileSync(join(ROOT, file), 'utf8').matchAll(BLOCK)].map((match) => match[1] ?? '')
    if (blocks.length === 0) continue
    const { status, told } = await runBlocks(blocks)
    ran++
    if (status !== 0) failed++
    console.log(`${status === 0 ? 'ok' : `${told}FAILED`} ${file}: ${blocks.length} blocks`)
  }
}
await Promise.all(Array.from({ length: FILES_AT_ONCE }, runNext))
console.log(`${ran - failed} passed, ${failed} failed`)
process.exit(failed === 0 && ran > 0 ? 0 : 1)

async function runBlocks(blocks: readonly string[]): Promise<{ readonly status: number; readonly told: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-docs-'))
  const env = {
    ...{ REEVE_DATA: join(folder, 'data'), REEVE_PORT: '0', REEVE_DATABASE_URL: '', REEVE_ISSUER: '' },
    // Issuers that a guide starts are on this machine.
    REEVE_OUTBOUND_PRIVATE: '127.0.0.0/8',
  }
  const server = await startAndWait(['server/src/main.js'], env, /reeve login --server/)
  try {
    const [, url = '', code = ''] = /--server (\S+) --code (\S+)/.exec(server.line) ?? []
    const cli = { REEVE_SERVER: url, REEVE_CONFIG: join(folder, 'config') }
    await run(
      [join(ROOT, 'cli/bin/reeve.js'), 'login', '--code', code, '--name', 'Ada', '--email', 'ada@acme.example'],
      cli,
    )
    const bin = join(folder, 'bin')
    mkdirSync(bin)
    writeFileSync(
      join(bin, 'reeve'),
      `#!/bin/sh\nexec "${process.execPath}" "${join(ROOT, 'cli/bin/reeve.js')}" "$@"\n`,
    )
    chmodSync(join(bin, 'reeve'), 0o755)
    symlinkSync(process.execPath, join(bin, 'node'))
    const script = `set -euo pipefail\nWORK=${folder}\n${blocks.join('\n')}`
    return await runScript(script, { ...process.env, ...cli, PATH: `${bin}:${process.env.PATH ?? ''}` })
  } finally {
    await end(server.child)
    rmSync(folder, { recursive: true, force: true })
  }
}

async function runScript(script: string, env: NodeJS.ProcessEnv) {
  const shell = spawn('bash', ['-c', script], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let told = ''
  for (const stream of [shell.stdout, shell.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      told += text
    })
  const [code] = await once(shell, 'close')
  return { status: typeof code === 'number' ? code : 1, told }
}
