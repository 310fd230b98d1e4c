import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkSync } from 'recheck'

// What a file says must never decide how long its scan takes (OWASP ASVS V1.3.12, trust bar I3).

const SOURCE = import.meta.dirname

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

const sources = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter(
  (path) => path.endsWith('.ts') && !path.endsWith('.test.ts'),
)
const literals = sources.flatMap((path) =>
  literalsIn(readFileSync(join(SOURCE, path), 'utf8')).map((literal) => ({ path, ...literal })),
)

test('the literals that are checked are all there are', () => {
  const code = sources.map((path) => readFileSync(join(SOURCE, path), 'utf8')).join('\n')
  assert.ok(!/new RegExp\(/.test(code), 'no expression is made out of text')
  assert.ok(literals.length > 150, `${literals.length} literals`)
  const patterns = code.match(/^\s*pattern:/gm) ?? []
  const checked = literals.filter(({ flags }) => flags.includes('y'))
  assert.ok(checked.length >= patterns.length, 'every detector has its pattern among them')
})

test('no regular expression can be made slow by what a file says', () => {
  const slow: string[] = []
  for (const { path, pattern, flags } of literals) {
    // A sticky expression is tried at one place only: for the checker that is an anchor.
    const source = flags.includes('y') ? `^(?:${pattern})` : pattern
    const answer = checkSync(source, flags.replaceAll(/[yg]/g, ''), { timeout: 20_000, checker: 'auto' })
    if (answer.status !== 'safe') slow.push(`${path}: /${pattern}/${flags} is ${answer.status}`)
  }
  assert.deepEqual(slow, [])
})

test('the checker knows a slow expression when it sees one', () => {
  assert.equal(checkSync('^(?:(a+)+$)', '').status, 'vulnerable')
})
