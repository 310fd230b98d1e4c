import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'
import { scan } from '../scan.ts'
import { renderHtml } from './html.ts'
import { renderMarkdown } from './markdown.ts'
import { scoreOf } from './score.ts'

const report = await scan([join(import.meta.dirname, '../../../examples/estate')], {
  salt: 'a salt for these tests only',
  now: new Date('2026-09-01T00:00:00Z'),
})

const EVIL = `"'><script>alert(1)</script><img src=x onerror=alert(1)>|[x](javascript:alert(1)) @everyone \`code\` &lt; $a$`
const [finding] = report.findings
const [sighting] = report.sightings
assert.ok(finding && sighting)
const where = { ...finding.where, path: `a${EVIL}` }
const hostile = {
  ...report,
  roots: [EVIL],
  findings: [{ ...finding, title: EVIL, fix: EVIL, evidence: [EVIL], where, rule: EVIL }],
  sightings: [{ ...sighting, name: EVIL, where, reaches: [{ what: EVIL, access: 'read' as const, because: EVIL }] }],
  problems: [{ path: EVIL, reason: 'binary' as const, detail: EVIL }],
}

test('the page loads nothing, runs its own script alone, and shows every finding and identity', () => {
  const page = renderHtml(report)
  const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1] ?? ''
  for (const [tag, directive] of [
    ['script', 'script-src'],
    ['style', 'style-src'],
  ] as const) {
    const inside = [...page.matchAll(new RegExp(`<${tag}>([^]*?)</${tag}>`, 'g'))]
    assert.equal(inside.length, 1)
    const digest = createHash('sha256')
      .update(inside[0]?.[1] ?? '')
      .digest('base64')
    assert.ok(policy.includes(`${directive} 'sha256-${digest}'`), `${directive} of ${policy}`)
  }
  assert.match(policy, /^default-src 'none'/)
  assert.doesNotMatch(page, /\s(?:src|href|style|on[a-z]+)=/)
  const rows = page.match(/<tr>/g)?.length ?? 0
  assert.equal(rows, 2 + report.findings.length + report.sightings.length + (report.problems.length > 0 ? 1 : 0))
  assert.ok((page.match(/<path/g)?.length ?? 0) >= 20)
  assert.ok(page.includes(`<b>${scoreOf(report.findings)}</b><span>of 100, the score`))
})

test('in a narrow window each cell says what it is, and rows are laid out only as they come into view', () => {
  const page = renderHtml({ ...report, problems: hostile.problems })
  const tables = [...page.matchAll(/<table class="(\w+)">.*?<\/caption>\s*<thead>(.*?)<\/thead>/gs)]
  assert.deepEqual(
    tables.map(([, name]) => name),
    ['findings', 'identities', 'unread'],
  )
  const narrow = /@media \(max-width: 760px\) \{\n(.*?)\n\}\n/s.exec(page)?.[1] ?? ''
  assert.match(narrow, /^tr \{ grid-template-columns: minmax\(0, 1fr\);/m)
  for (const [, name, head = ''] of tables) {
    const titles = [...head.matchAll(/<button type="button">(\w+)<\/button>/g)].map(([, title]) => title)
    assert.ok(titles.length >= 3)
    for (const [at, title] of titles.entries())
      assert.ok(
        narrow.includes(`.${name} td:nth-child(${at + 1})::before { content: "${title}"; }`),
        `${name} ${title}`,
      )
    assert.equal(
      new RegExp(`\\.${name} \\{ --columns: (.*?); \\}`).exec(page)?.[1]?.match(/minmax/g)?.length,
      titles.length,
    )
  }
  assert.match(page, /tbody tr \{[^}]*content-visibility: auto;/)
})

test('the graph is scrolled by keys as well', () => {
  assert.match(renderHtml(report), /<div class="graph" tabindex="0" role="region" aria-label="[^"]+">/)
})

test('no text of a file becomes markup, in the page or in Markdown', () => {
  const page = renderHtml(hostile)
  assert.equal(page.match(/<script/g)?.length, 1)
  assert.ok(!page.includes('<img') && !page.includes(EVIL))
  assert.doesNotMatch(page, /\s(?:src|href|on[a-z]+)="/)
  const text = renderMarkdown(hostile)
  assert.doesNotMatch(text, /<|@everyone|[^\\]`|[^\\]\]\(|javascript:/)
  const rows = text.split('\n').filter((line) => line.includes('alert'))
  assert.equal(rows.length, 3)
  assert.deepEqual(
    rows.map((row) => row.replaceAll(/\\./g, '').split('|').length),
    [8, 8, 5],
    'as many cells as the head has',
  )
})

test('Markdown tells the counts, and every finding with its place', () => {
  const text = renderMarkdown(report)
  assert.match(text, new RegExp(`^# Scan\n\nScore ${scoreOf(report.findings)} of 100\\.`))
  assert.ok(text.includes(`## Findings (${report.findings.length})`))
})

test('the score is 100 without findings, falls with each, most with the worst, and is never below 0', () => {
  const of = (severity: 'critical' | 'high' | 'medium' | 'low', confidence: 'high' | 'low' = 'high') => ({
    severity,
    confidence,
  })
  assert.equal(scoreOf([]), 100)
  const scores = (['low', 'medium', 'high', 'critical'] as const).map((severity) => scoreOf([of(severity)]))
  assert.deepEqual(scores, [99, 97, 90, 75])
  assert.ok(scoreOf([of('high', 'low')]) > scoreOf([of('high')]))
  assert.equal(scoreOf(Array(500).fill(of('critical'))), 0)
})
