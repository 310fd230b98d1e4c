import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createFakeIssuer } from '../test/fake-issuer.ts'
import { audience } from '../test/fake-keys.ts'
import { systemClock } from './clock.ts'
import { verifyCodes } from './verify-error.ts'

const source = dirname(fileURLToPath(import.meta.url))

/** Everything a file imports at run time, directly or not. */
const importsOf = (file: string, seen = new Set<string>()): Set<string> => {
  const text = readFileSync(file, 'utf8').replaceAll(/^(import|export) type .*$/gm, '')
  for (const [, name = ''] of text.matchAll(/\b(?:from|import) '([^']+)'/g)) {
    const isOwn = name.startsWith('.')
    const target = isOwn ? resolve(dirname(file), name) : name
    if (seen.has(target)) continue
    seen.add(target)
    if (isOwn) importsOf(target, seen)
  }
  return seen
}

test('what a browser imports needs jose and nothing of Node', () => {
  const outside = [...importsOf(join(source, 'index.ts'))].filter((name) => !name.startsWith('/'))
  assert.deepEqual(outside, ['jose'])
})

test('the authorizer needs jose and the policy evaluator, and nothing of Node', () => {
  const outside = [...importsOf(join(source, 'authorizer/index.ts'))].filter((name) => !name.startsWith('/'))
  assert.deepEqual(outside.sort(), ['@reeve/cedar', 'jose'])
})

test('the adapters load no framework', () => {
  for (const name of readdirSync(join(source, 'adapters')).filter((each) => !each.includes('.test.'))) {
    assert.ok(readFileSync(join(source, 'adapters', name), 'utf8').split('\n').length <= 41, name)
    const outside = [...importsOf(join(source, 'adapters', name))].filter((each) => !each.startsWith('/'))
    assert.deepEqual(
      outside.filter((each) => each !== 'jose'),
      [],
      name,
    )
  }
})

test('a script that used a token source and is done ends by itself, without closing anything', async (t) => {
  const issuer = await createFakeIssuer({ clock: systemClock })
  t.after(() => issuer.close())
  issuer.tokens.addSecret('nhi_1', 'secret')
  const program = `
    import { createTokenSource } from ${JSON.stringify(join(source, 'index.ts'))}
    const source = createTokenSource({ issuer: ${JSON.stringify(issuer.url)}, clientId: 'nhi_1', auth: { clientSecret: 'secret' }, audience: ${JSON.stringify(audience)} })
    const token = await source.token()
    console.log(token.split('.').length)`
  const { stdout, status } = await run(program)
  assert.deepEqual([stdout.trim(), status], ['3', 0])
})

test('a program that closed its verifier ends by itself', async (t) => {
  const issuer = await createFakeIssuer({ clock: systemClock })
  t.after(() => issuer.close())
  const program = `
    import { createVerifier } from ${JSON.stringify(join(source, 'index.ts'))}
    const verifier = createVerifier({ issuer: ${JSON.stringify(issuer.url)}, audience: ${JSON.stringify(audience)} })
    await verifier.ready()
    console.log((await verifier.verify(${JSON.stringify(await issuer.issue())})).identity)
    await verifier.close()`
  const { stdout, status } = await run(program)
  assert.deepEqual([stdout.trim(), status], ['nhi_1', 0])
})

const run = async (program: string): Promise<{ stdout: string; status: number | null }> => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 120_000,
  })
  let stdout = ''
  child.stdout.on('data', (chunk) => {
    stdout += String(chunk)
  })
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { stdout, status }
}

test('every code that a verifier can refuse with is used somewhere, and none is used that is not in the table', () => {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (name) =>
      name.endsWith('.ts') && !name.includes('.test.') && !name.startsWith('ledger') && !name.startsWith('client'),
  )
  const text = files.map((name) => readFileSync(join(source, name), 'utf8')).join('\n')
  const used = new Set([...text.matchAll(/new VerifyError\('(\w+)'/g)].map(([, code]) => code))
  assert.deepEqual([...used].sort(), [...verifyCodes].sort())
})
