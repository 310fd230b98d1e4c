import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { parse } from 'yaml'
import { tightenFiles } from './tighten-files.ts'
import { unifiedDiff } from './unified-diff.ts'

const FILES: Readonly<Record<string, string>> = {
  'grants/sync.yaml': `# who may what
- identity: sync
  bundle: reader # the whole of it
  expiresAt: 60d

# by hand
- identity: sync
  name: more
  resource: stock
  actions:
    - stock.write
    - stock.list # listed
  conditions: { sourceNetworks: [10.0.0.0/8] }
  expiresAt: 60d
- identity: other
  bundle: reader
  expiresAt: 60d
`,
  'grants/alone.yaml': `identity: alone
resource: orders
actions: ["*"]
expiresAt: 60d`,
  'bundles/reader.yaml': `name: reader
purpose: reads
matrix:
  - resource: orders
    actions: [orders.read, orders.list]
  - resource: stock
    actions: [stock.read]
`,
}
const grant = (
  identity: string,
  name: string,
  bundle: string | null,
  after: { resource: string; actions: string[] }[],
) => ({
  type: 'grant' as const,
  id: 'grt_1',
  name,
  identity,
  bundle,
  directory: 'shop',
  before: [],
  after,
  taken: [],
})
const orders = { resource: 'orders', actions: ['orders.read'] }
const stock = { resource: 'stock', actions: ['stock.list'] }

/** The files after the patch of these proposals, as git applies it. */
const applied = (proposals: Parameters<typeof tightenFiles>[1]) => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-patch-'))
  try {
    const files = Object.entries(FILES).map(([path, text]) => ({ path, text }))
    for (const { path, text } of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    const { files: tightened, left } = tightenFiles(files, proposals)
    const patch = tightened.map(({ path, text, after }) => unifiedDiff(path, text, after)).join('')
    if (patch !== '')
      execFileSync('git', ['apply', '--whitespace=error-all', '-'], { cwd: folder, input: patch, stdio: 'pipe' })
    const read = (path: string) =>
      existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : undefined
    return { read, left, after: new Map(Object.keys(FILES).map((path) => [path, read(path)])) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test('git applies the patch, and nothing but what is proposed differs in the files', () => {
  const { after, left } = applied([
    grant('sync', 'reader', 'reader', [orders, stock]),
    grant('sync', 'more', null, [stock]),
    grant('other', 'reader', 'reader', []),
    { ...grant('', 'reader', null, [orders]), type: 'bundle', identity: null },
    grant('sync', 'elsewhere', null, []),
  ])
  assert.deepEqual(
    left.map(({ name }) => name),
    ['elsewhere'],
  )
  const grants = after.get('grants/sync.yaml') ?? ''
  assert.match(grants, /^# who may what\n/)
  assert.match(grants, /\n# by hand\n- identity: sync\n {2}name: more\n/)
  assert.deepEqual(parse(grants), [
    { identity: 'sync', name: 'reader orders', ...orders, expiresAt: '60d' },
    { identity: 'sync', name: 'reader stock', ...stock, expiresAt: '60d' },
    { identity: 'sync', name: 'more', ...stock, conditions: { sourceNetworks: ['10.0.0.0/8'] }, expiresAt: '60d' },
  ])
  assert.equal(after.get('grants/alone.yaml'), FILES['grants/alone.yaml'])
  assert.deepEqual(parse(after.get('bundles/reader.yaml') ?? ''), {
    name: 'reader',
    purpose: 'reads',
    matrix: [orders],
  })
})

test('a file that declares nothing any more goes, and one without a last line end is patched as it is', () => {
  const gone = applied([grant('alone', 'orders', null, [])])
  assert.equal(gone.after.get('grants/alone.yaml'), undefined)
  const less = applied([grant('alone', 'orders', null, [orders])])
  assert.equal(less.after.get('grants/alone.yaml'), FILES['grants/alone.yaml']?.replace('["*"]', '[orders.read]'))
  assert.deepEqual(applied([]).after, new Map(Object.entries(FILES)))
})
