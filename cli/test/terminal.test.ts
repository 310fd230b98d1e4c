import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { everyOperation } from '../../server/src/catalogue.ts'
import { sampleOutput } from '../../server/test/hostile/sample-input.ts'
import { everyCommand } from '../src/every-command.ts'
import { failureOf } from '../src/failure.ts'
import { reportError } from '../src/report-error.ts'
import { runCommandLine } from '../src/run-command-line.ts'
import { fakeSurroundings } from './fake-surroundings.ts'

// U6 of the trust bars, at the terminal: what a server answers is data, and moves nothing but the eye.

/** What can move a cursor, colour, hide, reorder or break a line. */
const CONTROLS = [
  ...Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)),
  ...Array.from({ length: 33 }, (_, code) => String.fromCharCode(0x7f + code)),
  ...'\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff',
]
const MARK = 'INJECTED'
const EVIL: readonly string[] = [
  ...CONTROLS.map((control) => `a${control}${MARK}${control}b`),
  ...CONTROLS.map((control) => `${control}${MARK}`),
  ...CONTROLS.map((control) => `x${MARK}${control.repeat(3)}`),
  ...['[31m', ']0;title\u0007', ']8;;https://evil.example.com\u001b\\', '[2J', '[6n', 'P+q544e\u001b\\', '(0', 'c'].map(
    (sequence) => `\u001b${sequence}${MARK}`,
  ),
  ...['31m', '2J', '6n'].map((sequence) => `\u009b${sequence}${MARK}`),
  `\r\n${MARK}: true`,
  `a\n${MARK}`,
  `\n\n${MARK}\n`,
  '\u001b'.repeat(200),
  `x${'\u202e'.repeat(20)}${MARK}`,
]

// A line feed ends our own lines; nothing else of these is ours.
const UNSAFE =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/

const operations = new Map(everyOperation().map((operation) => [operation.name, operation]))

test('no command prints a control character that a server answered, as text, as JSON or in an error', async (t) => {
  const server = await startEvil()
  const { around, said, folder, remove } = fakeSurroundings({ serverUrl: server.url, columns: 100 })
  const sessionFile = join(folder, 'session')
  const session = { server: server.url, person: 'per_x', token: 'reeve_ps_x', expiresAt: '2026-11-01T20:00:00Z' }
  writeFileSync(sessionFile, JSON.stringify(session))
  let printed = 0
  const wrong: string[] = []
  const run = async (argv: readonly string[]): Promise<void> => {
    said.out = ''
    said.err = ''
    try {
      await runCommandLine({ ...around, sessionFile }, argv)
    } catch (error) {
      reportError(around, failureOf(error))
    }
    const text = said.out + said.err
    if (text.includes(MARK)) printed += 1
    const found = UNSAFE.exec(text)
    if (found !== null)
      wrong.push(`reeve ${argv.join(' ')}: ${JSON.stringify(text.slice(found.index - 40, found.index + 40))}`)
    if (text.split('\n').some((line) => line.startsWith(MARK))) wrong.push(`reeve ${argv.join(' ')}: a line of its own`)
  }
  try {
    for (const status of [200, 400, 403, 500]) {
      server.answerWith(status)
      for (const name of operations.keys()) await run(['api', name, '--no-input'])
      for (const words of everyCommand().keys()) {
        // These do not end by themselves, or begin something on this machine.
        if (LEFT_OUT.has(words)) continue
        const line = lineOf(words, join(folder, `access-${status}`))
        for (const flags of [[], ['--json'], ['--reason', 'x', '--yes'], ['--reason', 'x', '--yes', '--json']])
          await run([...line, ...flags, '--no-input'])
        if (words !== 'init') await run([...words.split(' '), '--no-input'])
      }
    }
    assert.deepEqual(wrong, [])
    assert.ok(printed > 100, `only ${printed} runs printed anything of what was answered`)
    t.diagnostic(
      `U6: ${EVIL.length} texts, ${everyCommand().size} commands, ${printed} runs that printed them, 0 controls`,
    )
  } finally {
    remove()
    await server.stop()
  }
})

/** The words with what they take; what writes a folder is given `fresh`, and not the one that the tests are run in. */
const lineOf = (words: string, fresh: string): string[] => {
  if (words === 'init') return ['init', fresh, '--from', 'register']
  return [...words.split(' '), ...(SCOPED.has(words) ? ['identity', 'x'] : TAKES_NOTHING.has(words) ? [] : ['x'])]
}

const LEFT_OUT = new Set(['serve', 'scan', 'import', 'login', 'logout', 'audit verify', 'completion', 'demo'])
const SCOPED = new Set(['quarantine', 'release'])
const TAKES_NOTHING = new Set(['status', 'doctor', 'whoami'])

/** A server whose every text is one of those. */
const startEvil = async () => {
  let next = 0
  let status = 200
  const evil = (): string => EVIL[next++ % EVIL.length] ?? ''
  const problem = () => ({
    type: evil(),
    title: evil(),
    status,
    detail: evil(),
    instance: evil(),
    code: evil(),
    hint: evil(),
    docs: evil(),
    decisionId: evil(),
    errors: [{ pointer: `/${evil()}`, detail: evil() }],
  })
  const http = createServer((request, response) => {
    const operation = operations.get(/^\/v1\/([\w.]+)/.exec(request.url ?? '')?.[1] ?? '')
    const body =
      status !== 200 ? problem() : operation === undefined ? { issuer: evil(), status: evil() } : fresh(operation)
    request.resume()
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  // One page, or a list would never end.
  const fresh = (operation: NonNullable<ReturnType<typeof operations.get>>): unknown => {
    const answer = sampleOutput(operation, evil)
    return typeof answer === 'object' && answer !== null && 'nextCursor' in answer
      ? { ...answer, nextCursor: null }
      : answer
  }
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const address = http.address()
  return {
    url: `http://127.0.0.1:${isAddress(address) ? address.port : 0}`,
    answerWith: (wanted: number) => {
      status = wanted
    },
    stop: () => {
      http.closeAllConnections()
      return new Promise<void>((resolve) => http.close(() => resolve()))
    },
  }
}

const isAddress = (address: AddressInfo | string | null): address is AddressInfo =>
  typeof address === 'object' && address !== null
