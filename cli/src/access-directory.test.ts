import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readAccessDirectory } from './access-directory.ts'

const folderOf = (t: TestContext, files: Readonly<Record<string, string>>): string => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-access-'))
  t.after(() => rmSync(folder, { recursive: true }))
  for (const [file, text] of Object.entries({ 'reeve.yaml': 'version: 1\nname: main\n', ...files })) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  return folder
}

test('every document of every file is read in the order of its name, and each remembers where it stood', (t) => {
  const folder = folderOf(t, {
    'teams/b.yml': 'name: b1\n---\nname: b2\n',
    'teams/a.yaml': '# two\n- name: a1\n- name: a2\n',
    'teams/empty.yaml': '# nothing yet\n',
    'policies/p.cedar': 'permit(principal, action, resource);',
  })
  const { input, origins, left } = readAccessDirectory(folder)
  assert.deepEqual(input.teams, [{ name: 'a1' }, { name: 'a2' }, { name: 'b1' }, { name: 'b2' }])
  assert.deepEqual(origins.teams, ['teams/a.yaml:2', 'teams/a.yaml:3', 'teams/b.yml:1', 'teams/b.yml:3'])
  assert.deepEqual(input.policies, [
    { name: 'p', file: 'policies/p.cedar', text: 'permit(principal, action, resource);' },
  ])
  assert.deepEqual([input.directory, left], ['main', []])
})

test('what is not read is named: a folder with another name, a hidden file, and a file of another kind', (t) => {
  const folder = folderOf(t, {
    'team/a.yaml': 'name: a\n',
    'teams/a.json': '{}',
    'policies/p.yaml': 'a: 1',
    'README.md': 'x',
    'teams/README.md': 'x',
    'teams/.hidden.yaml': 'name: hidden\n',
    'teams/.gitkeep': '',
  })
  assert.deepEqual(readAccessDirectory(folder).input.teams, [])
  assert.deepEqual(readAccessDirectory(folder).left, [
    'team/ (did you mean teams/?)',
    'teams/.hidden.yaml',
    'teams/a.json',
    'policies/p.yaml',
  ])
})

for (const [what, text] of [
  ['a flow that does not end', 'a: [1,\n'],
  ['a key that comes twice', 'a: 1\na: 2\n'],
  ['a tab', 'a:\n\tb: 1\n'],
  ['what takes in more than it says', '%YAML 1.1\n---\nidentity: a\n<<: { bundle: b }\n'],
  [
    'aliases of aliases',
    `a0: &a0 [x]\n${Array.from({ length: 9 }, (_, at) => `a${at + 1}: &a${at + 1} [${`*a${at},`.repeat(20)}]`).join('\n')}\n`,
  ],
] as const)
  test(`${what} is refused with file and line`, (t) => {
    const folder = folderOf(t, { 'grants/bad.yaml': text })
    assert.throws(() => readAccessDirectory(folder), /grants\/bad\.yaml:\d+: /)
  })

test('a folder without reeve.yaml, or with one that says what is not read, is refused', (t) => {
  assert.throws(() => readAccessDirectory(tmpdir()), /has no reeve\.yaml/)
  assert.throws(
    () => readAccessDirectory(folderOf(t, { 'reeve.yaml': 'version: 2\nname: x\n' })),
    /must say `version: 1`/,
  )
  const main = 'version: 1\nname: x\n'
  for (const [text, why] of [
    [`${main}reportOnlyDay: 0\n`, /says reportOnlyDay, .*did you mean reportOnlyDays\?/],
    [`${main}fragmentof: y\n`, /says fragmentof, .*did you mean fragmentOf\?/],
    [`${main}---\nfragmentOf: y\n`, /reeve\.yaml:4: reeve\.yaml says one thing/],
  ] as const)
    assert.throws(() => readAccessDirectory(folderOf(t, { 'reeve.yaml': text })), why)
  const days = `${main}reportOnlyDays: 3\n`
  assert.equal(readAccessDirectory(folderOf(t, { 'reeve.yaml': days })).input.reportOnlyDays, 3)
})
