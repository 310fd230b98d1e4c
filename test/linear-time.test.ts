import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkSync } from 'recheck'
import { rounds } from './rounds.ts'

// What somebody wrote must never decide how long it takes to read it (OWASP ASVS V1.3.12, trust bar I3).

const ROOT = join(import.meta.dirname, '..')
// The command line reads what its own user wrote.
const SOURCES = ['cedar/src', 'scan/src', 'sdk/src', 'server/src']

/** Every regular expression literal in the sources: found by the characters that may stand before one. */
const literalsIn = (code: string): { pattern: string; flags: string }[] => {
  const found: { pattern: string; flags: string }[] = []
  for (const line of code.split('\n')) {
    if (/^\s*(?:\/\/|\*|\/\*)/.test(line)) continue
    for (let at = line.indexOf('/'); at !== -1; at = line.indexOf('/', at + 1)) {
      const before = line.slice(0, at).trimEnd()
      if (!(before === '' || /[(,=:[!&|?{};>]$|\breturn$/.test(before)) || line[at + 1] === '/') continue
      if (isInString(line, at)) continue
      const end = closingSlash(line, at)
      if (end === -1) continue
      found.push({ pattern: line.slice(at + 1, end), flags: /^[a-z]*/.exec(line.slice(end + 1))?.[0] ?? '' })
      at = end
    }
  }
  return found
}

const closingSlash = (line: string, start: number): number => {
  let isInClass = false
  for (let at = start + 1; at < line.length; at += 1) {
    if (line[at] === '\\') at += 1
    else if (line[at] === '[') isInClass = true
    else if (line[at] === ']') isInClass = false
    else if (line[at] === '/' && !isInClass) return at
  }
  return -1
}

const isInString = (line: string, upTo: number): boolean => {
  let quote = ''
  for (let at = 0; at < upTo; at += 1) {
    const char = line[at] ?? ''
    if (char === '\\') at += 1
    else if (quote === '' && (char === "'" || char === '`' || char === '"')) quote = char
    else if (char === quote) quote = ''
  }
  return quote !== ''
}

const sources = SOURCES.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .map((path) => join(folder, path)),
)
const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const literals = sources.flatMap((path) => literalsIn(textOf(path)).map((literal) => ({ path, ...literal })))

// These put theirs together of parts, which are bounded: too many for the checker, and measured by tests of their own.
const PUT_TOGETHER = ['sdk/src/ledger/printable.ts', 'server/src/kit/secret-shape.ts']

test('the literals that are checked are all there are', () => {
  const putTogether = sources.filter((path) => /new RegExp\(/.test(textOf(path)))
  assert.deepEqual(putTogether, PUT_TOGETHER, 'no other expression is made out of text')
  assert.ok(literals.length > 280, `${literals.length} literals`)
  const patterns = sources.flatMap((path) => textOf(path).match(/^\s*pattern: \//gm) ?? [])
  const checked = literals.filter(({ flags }) => flags.includes('y'))
  assert.ok(checked.length >= patterns.length, 'every detector has its pattern among them')
})

// Steps are the measure: by time as well, a machine that others keep busy would make any expression a slow one.
const TIME_MS = 120_000
const LIMITS = { timeout: TIME_MS, incubationTimeout: TIME_MS, attackTimeout: TIME_MS, checker: 'auto' } as const

// Left to itself the checker asks a Java where there is one, which takes far longer for a few and no less for all of them.
if (existsSync(join(ROOT, 'node_modules/recheck-linux-x64'))) process.env.RECHECK_BACKEND ??= 'native'

/** As the checker is asked, each once: with the places that it is written at. */
const asked = new Map<string, { source: string; flags: string; paths: string[] }>()
for (const { path, pattern, flags } of literals) {
  // A sticky expression is tried at one place only: for the checker that is an anchor.
  const source = flags.includes('y') ? `^(?:${pattern})` : pattern
  const each = { source, flags: flags.replaceAll(/[yg]/g, ''), paths: [] }
  const key = `${each.flags}/${source}`
  asked.set(key, asked.get(key) ?? each)
  asked.get(key)?.paths.push(path)
}

test('no regular expression can be made slow by what it is given', () => {
  const slow: string[] = []
  // Ten seconds of computing for all of them: some others each time, and every one in CI.
  const all = [...asked.values()]
  const from = Math.floor(Math.random() * all.length)
  const some = [...all.slice(from), ...all.slice(0, from)].slice(0, rounds({ quick: 60, full: all.length }))
  for (const { source, flags, paths } of some) {
    const answer = checkSync(source, flags, LIMITS)
    if (answer.status !== 'safe') slow.push(`${paths.join(' ')}: /${source}/${flags} is ${answer.status}`)
  }
  assert.deepEqual(slow, [])
})

test('the checker knows a slow expression when it sees one', () => {
  assert.equal(checkSync('^(?:(a+)+$)', '').status, 'vulnerable')
})
