import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, before, test } from 'node:test'
import { buildPackages, PACKAGES } from '../release/build-packages.ts'

const ROOT = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'reeve-packages-'))
const modules = join(folder, 'node_modules')
const installed = (name: string): string => join(modules, '@reeve', name)
const manifestOf = (name: string) => JSON.parse(readFileSync(join(installed(name), 'package.json'), 'utf8'))

/** Sorted, so that it is told at which step one is lost. */
const filesOf = (place: string): readonly string[] =>
  globSync('**/*', { cwd: place, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(place, join(entry.parentPath, entry.name)))
    .sort()

const npm = (...args: string[]): string => execFileSync('npm', args, { cwd: folder, encoding: 'utf8' })
const node = (...args: string[]): string => execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })

/** As npm would install them, but with the other packages from here: no test needs the internet. */
before(() => {
  const built = join(folder, 'built')
  buildPackages(built)
  mkdirSync(join(modules, '@reeve'), { recursive: true })
  // All at once: npm takes longer to start than to pack.
  const places = PACKAGES.map((name) => join(built, name))
  const packed = JSON.parse(npm('pack', '--silent', '--json', '--pack-destination', folder, ...places))
  for (const [at, name] of PACKAGES.entries()) {
    const compiled = filesOf(join(built, name))
    const { filename, files } = packed[at]
    assert.deepEqual(files.map(({ path }: { path: string }) => path).sort(), compiled, `npm packs all of ${name}`)
    execFileSync('tar', ['xzf', join(folder, filename), '-C', folder])
    renameSync(join(folder, 'package'), installed(name))
    assert.deepEqual(filesOf(installed(name)), compiled, `all of ${name} is unpacked`)
  }
  const others = PACKAGES.flatMap((name) => Object.keys(manifestOf(name).dependencies ?? {}))
  for (const other of new Set(others.filter((name) => !name.startsWith('@reeve/')))) {
    mkdirSync(join(modules, other, '..'), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', other), join(modules, other))
  }
  rmSync(built, { recursive: true })
})
after(() => rmSync(folder, { recursive: true, force: true }))

test('every entry of every published package can be imported where it is installed', () => {
  const entries = PACKAGES.flatMap((name) =>
    Object.keys(manifestOf(name).exports ?? {})
      .filter((entry) => !entry.endsWith('.json'))
      .map((entry) => `@reeve/${name}${entry.slice(1)}`),
  )
  assert.ok(entries.length >= 6, entries.join(' '))
  const program = `for (const entry of ${JSON.stringify(entries)})
    console.log(entry, Object.keys(await import(entry)).length > 0)`
  const told = node('--input-type=module', '-e', program)
  assert.equal(told, entries.map((entry) => `${entry} true\n`).join(''))
})

test('the installed command scans, and knows every command that it knows here', () => {
  const reeve = join(installed('cli'), manifestOf('cli').bin.reeve)
  writeFileSync(join(folder, '.env.production'), 'DATABASE_URL=postgres://app:hunter2hunter2@db.example:5432/app\n')
  const report = JSON.parse(node(reeve, 'scan', folder, '--json'))
  assert.equal(report.findings.length > 0, true)
  assert.equal(node(reeve, 'help'), node(join(ROOT, 'cli/bin/reeve.js'), 'help'))
})

test('a program that uses the published packages passes the compiler by their own types', () => {
  const program = `import { createVerifier, fastifyGuard } from '@reeve/sdk'
import { createClient } from '@reeve/sdk/client'
import { verifyExport } from '@reeve/sdk/ledger'
import { createFileBuffer } from '@reeve/sdk/file-buffer'
import { scan } from '@reeve/scan'
import { buildScopeIndex } from '@reeve/cedar'
const verifier = createVerifier({ issuer: 'https://reeve.example', audience: 'https://orders.example' })
const { identity }: { identity: string } = await verifier.verify('token', { action: 'orders.read' })
// @ts-expect-error: a type that is lost on the way would be any, and this would pass
const wrong: number = identity
export { buildScopeIndex, createClient, createFileBuffer, fastifyGuard, scan, verifyExport, wrong }
`
  writeFileSync(join(folder, 'program.mts'), program)
  const types = ['--typeRoots', join(ROOT, 'node_modules/@types'), '--types', 'node', '--skipLibCheck', 'false']
  node(
    join(ROOT, 'node_modules/typescript/bin/tsc'),
    ...['--noEmit', '--strict', '--module', 'nodenext', '--target', 'esnext', ...types, 'program.mts'],
  )
})

test('a package holds its licence and its readme, and no source, no test and nothing private', () => {
  for (const name of PACKAGES) {
    const files = globSync('**/*.*', { cwd: installed(name) })
    const sources = files.filter((file) => /(?<!\.d)\.ts$|\.test\.|^test\//.test(file))
    assert.deepEqual(sources, [], name)
    for (const file of ['LICENSE', 'README.md']) assert.ok(readFileSync(join(installed(name), file)).length > 0)
    assert.equal(manifestOf(name).private, undefined)
  }
})

test('the sources themselves cannot be published by mistake', () => {
  for (const name of PACKAGES)
    assert.equal(JSON.parse(readFileSync(join(ROOT, name, 'package.json'), 'utf8')).private, true, name)
})
