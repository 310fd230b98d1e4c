import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '..')
const ROOMS = ['inventory', 'broker', 'policy', 'observe', 'lifecycle']

/** The tree's files as git knows them, with those not added yet. */
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => /\.(ts|tsx|js)$/.test(file) && existsSync(join(ROOT, file)))
const sources = files.map((file) => ({ file, text: readFileSync(join(ROOT, file), 'utf8') }))
const isTest = (file: string): boolean => /(^|\/)test\//.test(file) || /\.test\.ts$/.test(file)
const isGenerated = (file: string): boolean => /\.gen\.ts$/.test(file)

const IMPORT = /\bfrom\s+['"]([^'"\n]+)['"]|\bimport\s+['"]([^'"\n]+)['"]|\bimport\(\s*['"]([^'"\n]+)['"]/g
const importsOf = (text: string): string[] =>
  [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3] ?? '')

const resolved = (file: string, target: string): string =>
  target.startsWith('.') ? normalize(join(dirname(file), target)) : target

const offenders = (rule: (source: { file: string; text: string }) => readonly string[]): string[] =>
  sources.flatMap((source) => rule(source).map((problem) => `${source.file}: ${problem}`))

test('at the root lies what the layout names, and nothing that a test or a demo left', () => {
  const kept = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n')
  const parts = new Set(kept.map((file) => file.split('/')[0]).filter((part) => !/[.]/.test(String(part))))
  assert.deepEqual([...parts].sort(), LAYOUT)
})

const LAYOUT = ['LICENSE', 'bench', 'cedar', 'cli', 'docs', 'examples', 'release', 'scan', 'sdk', 'server', 'test']

test('no file is longer than 400 lines', () => {
  const long = offenders(({ file, text }) => {
    const lines = text.split('\n').length - 1
    return lines > 400 && !isGenerated(file) ? [`${lines} lines`] : []
  })
  assert.deepEqual(long, [])
})

test('a room imports no other room, no edge, and not the file that wires them', () => {
  const wrong = offenders(({ file, text }) => {
    const room = ROOMS.find((name) => file.startsWith(`server/src/${name}/`))
    if (room === undefined || isTest(file)) return []
    return importsOf(text)
      .map((target) => resolved(file, target))
      .filter((target) => target.startsWith('server/src/'))
      .filter((target) => {
        const top = target.split('/')[2] ?? ''
        return (
          (ROOMS.includes(top) && top !== room) || ['edge', 'gateway', 'app.ts', 'main.js', 'config.ts'].includes(top)
        )
      })
  })
  assert.deepEqual(wrong, [])
})

const PURE = new Set(['node:crypto', 'node:zlib', 'node:net', '@reeve/sdk', '@reeve/sdk/ledger', '@reeve/cedar'])

test('a domain imports nothing but its own folder, and settings', () => {
  const wrong = offenders(({ file, text }) => {
    const folder = /^server\/src\/\w+\/domain\//.exec(file)?.[0]
    if (folder === undefined || isTest(file)) return []
    return (
      importsOf(text)
        .map((target) => resolved(file, target))
        // Pure: hashing and canonical text have neither state nor effect.
        .filter((target) => !target.startsWith(folder) && !PURE.has(target))
        .filter((target) => target !== 'server/src/settings.ts')
    )
  })
  assert.deepEqual(wrong, [])
})

test('the kit and the ledger know no room and no edge', () => {
  const wrong = offenders(({ file, text }) =>
    /^server\/src\/(?:kit|ledger)\//.test(file) && !isTest(file)
      ? importsOf(text)
          .map((target) => resolved(file, target))
          .filter((target) =>
            ROOMS.concat('edge', 'connectors').some((name) => target.startsWith(`server/src/${name}/`)),
          )
      : [],
  )
  assert.deepEqual(wrong, [])
})

test('only the CLI and the server use scan, nothing but the server opens the database, and cedar stands alone', () => {
  const allowed: Record<string, readonly string[]> = {
    cedar: [],
    scan: [],
    sdk: ['@reeve/cedar'],
    cli: ['@reeve/sdk', '@reeve/scan'],
    server: ['@reeve/sdk', '@reeve/cedar', '@reeve/scan'],
  }
  const wrong = offenders(({ file, text }) => {
    const own = file.split('/')[0] ?? ''
    const may = allowed[own]
    if (may === undefined || isTest(file)) return []
    return importsOf(text).filter(
      (target) =>
        (target.startsWith('@reeve/') && !may.some((name) => target === name || target.startsWith(`${name}/`))) ||
        (own !== 'server' && ['pg', 'kysely', 'node:sqlite'].includes(target)),
    )
  })
  assert.deepEqual(wrong, [])
})

const DOORS: { what: string; pattern: RegExp; doors: readonly string[] }[] = [
  {
    what: 'the time',
    pattern: /\bnew Date\(\)|\bDate\.now\(|\bperformance\.now\(/,
    doors: ['server/src/kit/clock.ts', 'sdk/src/clock.ts', 'cli/src/surroundings.ts', 'scan/src/clock.ts'],
  },
  {
    what: 'chance',
    pattern: /\bMath\.random\(|\brandomBytes\(|\brandomUUID\(|\bgetRandomValues\(/,
    doors: ['server/src/kit/random.ts', 'sdk/src/random.ts', 'cli/src/surroundings.ts'],
  },
  {
    what: 'the environment',
    pattern: /\bprocess\.(env|argv)\b/,
    doors: [
      'server/src/config.ts',
      'server/src/main.js',
      'server/src/pack.js',
      'server/src/generate.ts',
      'cli/src/surroundings.ts',
      'cli/src/main.ts',
      'cli/bin/reeve.js',
    ],
  },
]
for (const { what, pattern, doors } of DOORS)
  test(`${what} comes through one door`, () => {
    const wrong = offenders(({ file, text }) => {
      const isOurs = /^(server|cedar|scan|sdk|cli)\/(src|bin)\//.test(file) && !isTest(file)
      return isOurs && !doors.includes(file) && pattern.test(code(text)) ? [pattern.source] : []
    })
    assert.deepEqual(wrong, [])
  })

const code = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '')

test('nothing is exported by default, and nothing is an enum', () => {
  const wrong = offenders(({ file, text }) => {
    if (isGenerated(file) || file.startsWith('examples/estate')) return []
    const found = [/^export default\b/m, /^\s*(?:export )?(?:const )?enum \w/m].filter((bad) => bad.test(code(text)))
    return found.map((bad) => bad.source)
  })
  assert.deepEqual(wrong, [])
})

test('no file is called utils, helpers, common, manager, service, data or info', () => {
  const wrong = files.filter((file) => /(^|\/)(utils?|helpers?|common|manager|service|data|info)(\.\w+)+$/.test(file))
  assert.deepEqual(
    wrong.filter((file) => !file.startsWith('examples/estate')),
    [],
  )
})

test('every room has one shape', () => {
  const missing = ROOMS.flatMap((room) => {
    const folder = `server/src/${room}/`
    const parts = ['README.md', 'index.ts', 'room.ts', 'faults.ts', 'schema.ts', 'operations', 'domain']
    const absent = parts.filter((part) => !existsSync(join(ROOT, folder, part)))
    const hasStore = files.some((file) => file.startsWith(`${folder}store`))
    return [...absent, ...(hasStore ? [] : ['store'])].map((part) => `${room}/${part}`)
  })
  assert.deepEqual(missing, [])
})

test('only a store of a room speaks SQL', () => {
  const wrong = offenders(({ file, text }) => {
    if (!/^server\/src\/(inventory|broker|policy|observe|lifecycle)\//.test(file) || isTest(file)) return []
    if (/\/store[\w-]*\.ts$/.test(file)) return []
    return /\b(?:selectFrom|insertInto|updateTable|deleteFrom)\(/.test(code(text)) ? ['speaks SQL'] : []
  })
  assert.deepEqual(wrong, [])
})

test('what a value is, is found out and not asserted, outside the stores and the kit', () => {
  const wrong = offenders(({ file, text }) => {
    if (!/^(server|cedar|scan|sdk|cli)\/(src|bin)\//.test(file) || isTest(file) || isGenerated(file)) return []
    if (file.startsWith('server/src/kit/') || /\/store[\w-]*\.ts$/.test(file) || ASSERTING.includes(file)) return []
    return [
      ...withoutTexts(text).matchAll(/^(?!\s*(?:import|export) )(?!.*\bfrom '').*\bas (?!const\b)[\w{[(].*$/gm),
    ].map(([line]) => line.trim())
  })
  assert.deepEqual(wrong, [])
})

// Nothing is there yet that could be looked at: ports that nobody calls, and methods that are made when they are called.
const ASSERTING = ['server/src/catalogue.ts', 'sdk/src/client/client.ts']

/** The code without comments and without what stands in quotes, so that no sentence is taken for code. */
const withoutTexts = (text: string): string =>
  code(text.replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''")).replace(/`[^`]*`/g, '``')

// Each waits for what it says, and looks again: nothing passes or fails because of how long it waited.
const WAITS = [
  'test/shared-files.js',
  'server/test/crash/kill.ts',
  'server/test/crash/migration-kill.test.ts',
  'server/test/crash/start-time.ts',
  'server/test/hostile/flood-program.ts',
  'server/test/hostile/slow.test.ts',
  'server/test/hostile/steady-asker.ts',
  'server/test/process.ts',
  'server/test/replicas/contain-race.test.ts',
  'server/test/replicas/rolling-restart.test.ts',
  'server/test/replicas/visibility.test.ts',
  'server/test/steady-load.ts',
  'test/shared-files.js',
]

test('no test sleeps, but the few that are named here', () => {
  const wrong = offenders(({ file, text }) =>
    isTest(file) && !WAITS.includes(file) && /timers\/promises|\bsetTimeout\((?!quietMs)/.test(code(text))
      ? ['sleeps']
      : [],
  )
  assert.deepEqual(wrong, [])
})

test('no test ends its process: the others of its group would end with it, unseen and green', () => {
  const wrong = offenders(({ file, text }) =>
    isTest(file) && !file.startsWith('test/') && /\bprocess\.(?:exit|exitCode|reallyExit)\b/.test(code(text))
      ? ['ends its process']
      : [],
  )
  assert.deepEqual(wrong, [])
})

test('CI runs every test whose random rounds are cut short elsewhere with as many as its bar names', () => {
  const ci = readFileSync(join(ROOT, '.ci/run'), 'utf8').split('\n')
  // Without words it is every test that there is.
  const asked = ci.filter((line) => /^[^#]*\bnpm test\b/.test(line))
  assert.deepEqual(asked, ['REEVE_TEST_ROUNDS=full npm test'])
  const roots = /^const ROOTS = \[(.*)\]$/m.exec(readFileSync(join(ROOT, 'test/run.js'), 'utf8'))?.[1] ?? ''
  const isRun = (file: string) =>
    file.endsWith('.test.ts') && roots.match(/[\w/]+/g)?.some((root) => file.startsWith(`${root}/`))
  const cut = sources.filter(({ text }) => /\brounds\(\{ quick:/.test(text)).map(({ file }) => file)
  assert.ok(cut.length > 0)
  assert.deepEqual(
    cut.filter((file) => !isRun(file)),
    [],
  )
})

/** The trust bars that each issue brings in. A later issue adds its own when it lands. */
const BARS: Readonly<Record<string, string>> = {
  'the spine': 'D1 D3 D5 D6 A4 A6 A7 U1 U2 U3 U4 U5 I1 I2 I4 I8 I9 I12 V1 V3 K1 K3 K6',
}
for (const [issue, bars] of Object.entries(BARS))
  test(`every trust bar of ${issue} is named by a test`, () => {
    const tests = sources.filter(({ file }) => isTest(file) && file !== 'test/structure.test.ts')
    const unnamed = bars.split(' ').filter((bar) => !tests.some(({ text }) => new RegExp(`\\b${bar}\\b`).test(text)))
    assert.deepEqual(unnamed, [])
  })

test('the table of trust bars names each bar of the broker once, and tests that have its letter in them', () => {
  const table = readFileSync(join(ROOT, 'docs/trust-bars.md'), 'utf8')
  const rows = [...table.matchAll(/^\| ([A-Z]\d+) \| .* \| ([^|]*) \|$/gm)].map(([, bar = '', files = '']) => ({
    bar,
    files,
  }))
  assert.equal(rows.map(({ bar }) => bar).join(' '), `${SPINE_BARS} ${BROKER_BARS}`)
  const wrong = rows.flatMap(({ bar, files }) => {
    const named = [...files.matchAll(/`([^`]+)`/g)].map(([, file]) => sources.find((source) => source.file === file))
    if (named.length === 0) return files === 'none' ? [] : [`${bar}: ${files}`]
    return named.filter((source) => !new RegExp(`\\b${bar}\\b`).test(source?.text ?? '')).map(() => `${bar}: ${files}`)
  })
  assert.deepEqual(wrong, [])
})

const SPINE_BARS = 'D1 D3 D5 D6 A4 A6 U1 U2 U3 U5 I1 I2 I4 I8 I9 K6'
const BROKER_BARS =
  'T1 T2 T3 T4 T5 T6 T8 T9 T10 C2 V1 V2 V3 V4 V5 V7 V9 S1 S2 S3 S4 S5 K1 K2 K3 K4 L1 L2 L3 L6 A1 A2 A3 A8 A10 I5 I6 I10 I11 I12'
