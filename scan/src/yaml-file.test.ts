import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scannedFile } from './file.ts'
import { eachDocument, readYaml, YAML_BYTES_MAX } from './yaml-file.ts'

const fileOf = (text: string) =>
  scannedFile({ path: 'a.yml', repository: 'r', repositoryPath: 'a.yml' }, Buffer.from(text))
const read = (text: string) => readYaml(fileOf(text))

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

test('an alias stands for the last anchor of its name before it', () => {
  const [root] = read('a: &x one\nb: *x\nc: &x two\nd: *x\n*x : key\n').documents
  assert.deepEqual(
    root?.entries().map(({ key, value }) => [key, value.text]),
    [
      ['a', 'one'],
      ['b', 'one'],
      ['c', 'two'],
      ['d', 'two'],
      ['two', 'key'],
    ],
  )
})

test('a document with an alias to no anchor before it is named and not read; the others are', () => {
  const yaml = read('a: 1\n---\nb: *late\nc: &late 1\n---\nd: 1\ne: [*late]\n---\nf: 1\n')
  assert.deepEqual(
    yaml.documents.flatMap((document) => document.entries().map(({ key }) => key)),
    ['a', 'f'],
  )
  assert.deepEqual(
    yaml.problems().map(({ reason, line }) => [reason, line]),
    [
      ['bad-yaml', 3],
      ['bad-yaml', 7],
    ],
  )
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

test('a file too large to be read at once is read document by document, each with its lines', () => {
  const filler = `kind: Filler\ntext: ${'x'.repeat(YAML_BYTES_MAX)}\n`
  const file = fileOf(`# first\n---\nkind: A\n---\n${filler}---\nkind: B\nat: 8\n--- # last\nkind: [\n`)
  const kinds = (text: string) => !text.includes('Filler')
  const read = [...eachDocument(file, kinds)].map((document) => document.get('kind'))
  assert.deepEqual(
    read.map((kind) => [kind?.text, kind?.line]),
    [
      ['A', 3],
      ['B', 8],
      [undefined, 11],
    ],
  )
  assert.deepEqual(
    readYaml(file)
      .problems()
      .map(({ reason, line }) => [reason, line]),
    [['bad-yaml', 12]],
  )
  assert.deepEqual([...eachDocument(file, () => true)].length, 3)
  assert.deepEqual(
    readYaml(file)
      .problems()
      .map(({ reason, line }) => [reason, line]),
    [
      ['too-large', 4],
      ['bad-yaml', 12],
    ],
  )
})

test('a long list of objects is read item by item', () => {
  const item = (name: string) => `- kind: A\n  metadata:\n    name: ${name}\n    note: |-\n      - kind: no\n`
  const names = Array.from({ length: 9000 }, (_, at) => `n${at}`)
  const file = fileOf(`apiVersion: v1\nitems:\n${names.map(item).join('')}kind: List\nmetadata: {}\n`)
  const read = [...eachDocument(file, () => true)].map((value) => value.get('metadata')?.get('name'))
  assert.deepEqual(
    read.map((name) => name?.text),
    names,
  )
  assert.deepEqual([read[0]?.line, read[8999]?.line], [5, 45_000])
  assert.deepEqual(readYaml(file).problems(), [])
})

test('more documents than any file has end, and that is said', () => {
  const file = fileOf(`kind: A\n---\n${'a\n---\n'.repeat(100_000)}`)
  assert.equal([...eachDocument(file, (text) => text.startsWith('---\nb') || text.length > 4)].length, 50_000)
  assert.deepEqual(
    readYaml(file)
      .problems()
      .map(({ reason }) => reason),
    ['too-many'],
  )
})
