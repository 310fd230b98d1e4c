import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import {
  type Checkpoint,
  formatCheckpoint,
  InvalidCheckpoint,
  isUnbelievable,
  openCheckpoint,
  parseCheckpoint,
  signCheckpoint,
} from './checkpoint.ts'
import { emptyRoot, leafHash } from './merkle.ts'
import { InvalidNote, signerOf, signNote } from './note.ts'

const root = leafHash(Buffer.from('a'))
const log = signerOf('log.example', generateKeyPairSync('ed25519').privateKey)
const checkpoint: Checkpoint = { origin: 'log.example', size: 7, root, extensions: [] }

test('C2SP tlog-checkpoint: the example text reads as its three parts and writes back', () => {
  const text = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'
  const read = parseCheckpoint(text)
  assert.equal(read.origin, 'example.com/behind-the-sofa')
  assert.equal(read.size, 20852163)
  assert.deepEqual(read.extensions, [])
  assert.equal(formatCheckpoint(read), text)
})

test('extension lines are kept as they are', () => {
  const extended = { ...checkpoint, extensions: ['one', 'two  words'] }
  assert.deepEqual(parseCheckpoint(formatCheckpoint(extended)), extended)
})

test('a signed checkpoint opens with a key of its log and with no other', () => {
  const note = signCheckpoint(checkpoint, log)
  assert.deepEqual(openCheckpoint(note, [log]), checkpoint)
  const namesake = signerOf('log.example', generateKeyPairSync('ed25519').privateKey)
  assert.throws(() => openCheckpoint(note, [namesake]), InvalidNote)
  assert.deepEqual(openCheckpoint(note, [namesake, log]), checkpoint)
})

test('a checkpoint of another log is refused, though a known key signed it', () => {
  const note = signNote(formatCheckpoint({ ...checkpoint, origin: 'other.example' }), log)
  assert.throws(() => openCheckpoint(note, [log]), InvalidCheckpoint)
  assert.throws(() => signCheckpoint({ ...checkpoint, origin: 'other.example' }, log), InvalidCheckpoint)
})

test('what is not formed as a checkpoint is refused, even when signed', () => {
  const hash = root.toString('base64')
  const hostile = [
    `log.example\n7\n`,
    `log.example\n7\n${hash}\n\n`,
    `\n7\n${hash}\n`,
    `log.example\n\n${hash}\n`,
    `log.example\n7\n\n${hash}\n`,
    `log.example\n7\n${hash}\n\nextension\n`,
    ...['07', '+7', '-7', '7.0', '7e0', ' 7', '7 ', '0x7', '٧', '9007199254740992', '9'.repeat(400)].map(
      (size) => `log.example\n${size}\n${hash}\n`,
    ),
    ...[hash.slice(1), ` ${hash}`, `${hash} `, hash.replace('=', ''), hash.replaceAll(/[+/]/g, '-'), 'AAAA'].map(
      (text) => `log.example\n7\n${text === hash ? 'AAAA' : text}\n`,
    ),
    `log.example\n0\n${hash}\n`,
  ]
  for (const text of hostile) {
    assert.throws(() => parseCheckpoint(text), InvalidCheckpoint, JSON.stringify(text))
    assert.throws(() => openCheckpoint(signNote(text, log), [log]), isUnbelievable)
  }
  assert.throws(() => parseCheckpoint(`log.example\n7\n${hash}`), InvalidCheckpoint)
})

test('a checkpoint that could not be read back is not written', () => {
  const hostile: Checkpoint[] = [
    { ...checkpoint, origin: '' },
    { ...checkpoint, origin: 'log.example\n8' },
    { ...checkpoint, size: -1 },
    { ...checkpoint, size: 0.5 },
    { ...checkpoint, size: 2 ** 53 },
    { ...checkpoint, size: 0 },
    { ...checkpoint, root: root.subarray(1) },
    { ...checkpoint, extensions: [''] },
    { ...checkpoint, extensions: ['one\ntwo'] },
  ]
  for (const part of hostile) assert.throws(() => formatCheckpoint(part), InvalidCheckpoint)
  assert.equal(parseCheckpoint(formatCheckpoint({ ...checkpoint, size: 0, root: emptyRoot() })).size, 0)
})
