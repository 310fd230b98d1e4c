import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { scan } from '../../scan.ts'

// Files of real projects, with what is in them as counted and read by hand before there was a parser.

const DATA = join(import.meta.dirname, '../../../../../shared/data/k8s-manifests')
const skip = existsSync(DATA) ? false : 'the real files are not beside this repository'
const LABELS: Readonly<Record<string, { accounts: number; bindings: Readonly<Record<string, string>> }>> = JSON.parse(
  readFileSync(join(import.meta.dirname, 'real-files.labels.json'), 'utf8'),
)

test('every account of the real manifests is seen once, and every binding is classified as labelled', {
  skip,
}, async (t) => {
  const report = await scan([DATA], { salt: 'a salt for these tests only', now: new Date('2026-09-01T00:00:00Z') })
  const seen = report.sightings.filter(({ source }) => source === 'kubernetes')
  for (const [files, { accounts, bindings }] of Object.entries(LABELS)) {
    const isHere = (path: string) => path.startsWith(join(DATA, files))
    const here = seen.filter(({ where, alsoAt }) => [where, ...alsoAt].some(({ path }) => isHere(path)))
    assert.equal(here.filter(({ kind }) => kind === 'service').length, accounts, files)
    const classes = here
      .flatMap(({ traits }) => traits.filter(({ trait, where }) => trait === 'k8s:bound' && isHere(where.path)))
      .map(({ detail }) => /^(\S+) (?:-\/|argocd\/)?(\S+) gives .*: (\w+)$/.exec(detail)?.slice(1) ?? [])
      .map(([kind, name, gives]) => [`${kind} ${name}`, gives])
    assert.deepEqual(Object.fromEntries(classes), bindings, files)
    t.diagnostic(`${files}: ${accounts} accounts, ${Object.keys(bindings).length} bindings, all as labelled`)
  }
  assert.deepEqual(report.problems, [])
  t.diagnostic(`${report.counts.files} files read, ${report.findings.length} findings, nothing left out`)
})
