import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scannedFile } from './file.ts'
import { readYaml, YAML_BYTES_MAX } from './yaml-file.ts'

const read = (text: string) =>
  readYaml(scannedFile({ path: 'a.yml', repository: 'r', repositoryPath: 'a.yml' }, Buffer.from(text)))

test('broken YAML is named with its line and without its text', () => {
  const { problems } = read('a: 1\nb: [hunter2\nc: "x\n')
  const [problem] = problems()
  assert.equal(problem?.reason, 'bad-yaml')
  assert.ok((problem?.line ?? 0) >= 2)
  assert.ok(!JSON.stringify(problems()).includes('hunter2'))
})

test('nesting without end is named, not a crash', () => {
  for (const text of ['['.repeat(100_000), `${'{a: '.repeat(50_000)}`, '- '.repeat(20_000)]) {
    const yaml = read(text)
    assert.ok(yaml.problems().length > 0)
  }
})

test('aliases of aliases end, and that is said', () => {
  const lines = ['a: &a [x,x,x,x,x,x,x,x,x,x]']
  for (let level = 1; level < 12; level += 1) {
    const before = String.fromCharCode(96 + level)
    const name = String.fromCharCode(97 + level)
    lines.push(`${name}: &${name} [${Array(10).fill(`*${before}`).join(',')}]`)
  }
  const yaml = read(lines.join('\n'))
  const count = (value: (typeof yaml.documents)[number]): number =>
    1 +
    value.items().reduce((sum, item) => sum + count(item), 0) +
    value.entries().reduce((sum, entry) => sum + count(entry.value), 0)
  const [root] = yaml.documents
  assert.ok(root)
  assert.ok(count(root) < 1_000_000)
  assert.equal(yaml.problems()[0]?.reason, 'too-many')
})

test('an alias inside what it names ends as well', () => {
  const [root] = read('a: &a\n  b: *a\n').documents
  let value = root?.get('a')
  for (let step = 0; step < 1000 && value; step += 1) value = value.get('b')
  assert.equal(value, undefined)
})

test('a file too large for YAML is named', () => {
  assert.equal(read(`a: ${'x'.repeat(YAML_BYTES_MAX)}`).problems()[0]?.reason, 'too-large')
})

test('values are as they are written, with their lines', () => {
  const [root] = read('on: yes\nn: 0644\nm: |\n  two\n  three\nk: ~\n').documents
  assert.equal(root?.get('on')?.text, 'yes')
  assert.equal(root?.get('n')?.text, '0644')
  assert.equal(root?.get('m')?.textLine, 4)
  assert.equal(root?.get('k')?.text, undefined)
  assert.equal(root?.get('k')?.line, 6)
})
