import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '..')
const pages = globSync(['*.md', 'docs/**/*.md', '{server,cedar,scan,sdk,cli,bench,examples}/**/README.md'], {
  cwd: ROOT,
  exclude: (name) => name.includes('node_modules'),
})

test('every link from a page to a file of the repository leads somewhere', () => {
  const dead = pages.flatMap((page) =>
    [...readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\(([^)#\s]+)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(ROOT, dirname(page), target)))
      .map((target) => `${page}: ${target}`),
  )
  assert.ok(pages.length > 20, String(pages.length))
  assert.deepEqual(dead, [])
})
