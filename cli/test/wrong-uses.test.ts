import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { reeveHere } from './reeve-here.ts'
import { forEachOf, makeReeve, type Ran, type Reeve, startReeve } from './reeve-process.ts'
import { LOCAL, REMOTE, TYPOS, type WrongUse } from './wrong-uses.ts'

/** What every failing command must be: said in whole, on stderr alone, with a next step, and without our innards. */
const holdToTheRules = ({ line, code, says }: WrongUse, ran: Ran): void => {
  const about = `reeve ${line}\n[${ran.code}] ${ran.err}${ran.out}`
  assert.equal(ran.code, code, about)
  assert.match(ran.err, /^error: [^\n]+$/m, about)
  assert.match(ran.err, /^ {2}next: [^\n]+$/m, about)
  assert.doesNotMatch(ran.err, /\n\s+at |node:internal|undefined|\[object|a mistake in reeve/, about)
  for (const pattern of says) assert.match(ran.err, pattern, about)
}

const check = (reeve: Reeve, uses: readonly WrongUse[]): Promise<void> =>
  forEachOf(uses, async (use) => holdToTheRules(use, await reeve(use.line.split(' '), { stdin: use.stdin })))

test('a misspelt word, and a word of another tool, is answered with the right one', async () => {
  await check(reeveHere(), TYPOS)
})

test('a wrong use is told with what is wrong and what comes next, without a server', async () => {
  await check(reeveHere(), LOCAL)
})

test('a process of its own tells a wrong use in the same words, and ends with the same code', async () => {
  const { reeve, remove } = makeReeve()
  const oneOfEachCode = [...new Map(LOCAL.map((use) => [use.code, use])).values()]
  const withInput = LOCAL.filter(({ stdin }) => stdin !== undefined).slice(0, 2)
  await forEachOf([...oneOfEachCode, ...withInput], async ({ line, stdin }) =>
    assert.deepEqual(await reeve(line.split(' '), { stdin }), await reeveHere()(line.split(' '), { stdin })),
  )
  remove()
})

test('a refusal of the server is told with what is wrong and what comes next, under the exit code of its kind', async () => {
  const { here, folder, stop } = await startReeve()
  try {
    mkdirSync(join(folder, 'access/grants'), { recursive: true })
    writeFileSync(join(folder, 'access/reeve.yaml'), 'version: 1\nname: other\n')
    writeFileSync(join(folder, 'access/grants/a.yaml'), '- identitty: orders-sync\n')
    const body = { ...COMPLETE, name: 'bad' }
    writeFileSync(join(folder, 'body.json'), JSON.stringify(body))
    const filled = REMOTE.map((use) => ({
      ...use,
      line: use.line
        .replace('FOLDER', join(folder, 'access'))
        .replace('KEY', join(folder, 'new.jwk'))
        .replace('BODY', join(folder, 'body.json')),
    }))
    await check(here, filled)
  } finally {
    await stop()
  }
})

const COMPLETE = {
  kind: 'bot',
  owner: 'commerce',
  environment: 'production',
  purpose: 'a test',
  classification: { functions: ['sync'], boundary: 'internal', blastRadius: 'read-only' },
  expiresAt: '90d',
  reviewAt: '90d',
  tags: { business_unit: 'retail', application: 'orders', ticket: 'OPS-1' },
}

test('invalid YAML is named with its file and line, and nothing is sent', async () => {
  const { folder, remove } = makeReeve()
  const reeve = reeveHere()
  const access = join(folder, 'access')
  mkdirSync(join(access, 'teams'), { recursive: true })
  mkdirSync(join(access, 'grant'))
  writeFileSync(join(access, 'reeve.yaml'), 'version: 1\nname: main\n')
  const texts = ['name: a\nname: b\n', 'a: [1,\n', '\tname: x\n', 'a: &a [*a]\n', `a: ${'['.repeat(2_000)}\n`]
  for (const text of texts) {
    writeFileSync(join(access, 'teams/bad.yaml'), text)
    const ran = await reeve(['apply', access])
    assert.equal(ran.code, text.includes('&a') ? ran.code : 1, `${text}: ${ran.err}`)
    assert.doesNotMatch(ran.err, /\n\s+at |a mistake in reeve/, ran.err)
    if (ran.code === 1) assert.match(ran.err, /teams\/bad\.yaml:\d+/, ran.err)
  }
  writeFileSync(join(access, 'teams/bad.yaml'), 'name: x\n')
  assert.match((await reeve(['apply', access])).err, /not read: grant\/ \(did you mean grants\/\?\)/)
  remove()
})
