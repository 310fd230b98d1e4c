import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { InvalidNote, parseNote, signerOf, signNote, verifyNote } from './note.ts'
import { parseVkey } from './vkey.ts'

// A fixed test key, its seed is 32 times 0x07; Ed25519 signatures are deterministic.
const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 7)])
const log = signerOf('log.example', createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }))
const witness = signerOf('witness.example', generateKeyPairSync('ed25519').privateKey)
const TEXT = 'first line\n\nthird line, après\n'
const signatureLines = (note: string): string => note.slice(note.lastIndexOf('\n\n') + 2)

test('C2SP signed-note "Example": the note printed there is verified by the key printed there', () => {
  const key = parseVkey('example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k')
  const signature = 'Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM='
  const note = `This is an example message.\n\n— example.com/foo ${signature}\n`
  assert.equal(verifyNote(note, [key]), 'This is an example message.\n')
})

test('a note is verified by the key that signed it, and its text comes back with its empty lines', () => {
  assert.equal(verifyNote(signNote(TEXT, log), [log]), TEXT)
  assert.equal(verifyNote(signNote(TEXT, log), [witness, log]), TEXT)
})

test('a note that no known key signed is refused', () => {
  assert.throws(() => verifyNote(signNote(TEXT, log), [witness]), InvalidNote)
  assert.throws(() => verifyNote(signNote(TEXT, log), []), InvalidNote)
  const namesake = signerOf('log.example', generateKeyPairSync('ed25519').privateKey)
  assert.throws(() => verifyNote(signNote(TEXT, log), [namesake]), InvalidNote)
})

test('signatures of unknown keys are ignored, a wrong one of a known key refuses the note', () => {
  const both = signNote(TEXT, log) + signatureLines(signNote(TEXT, witness))
  assert.equal(verifyNote(both, [log]), TEXT)
  assert.equal(verifyNote(both, [log, witness]), TEXT)
  const forged = signNote(TEXT, log) + signatureLines(signNote('another\n', witness))
  assert.equal(verifyNote(forged, [log]), TEXT)
  assert.throws(() => verifyNote(forged, [log, witness]), InvalidNote)
})

test('every single bit of a note is under its signature', () => {
  const bytes = Buffer.from(signNote(TEXT, log))
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes)
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    assert.throws(() => verifyNote(flipped.toString('utf8'), [log]), InvalidNote, `bit ${bit}`)
  }
})

test('sixteen signatures and more are accepted, an endless list is not', () => {
  const note = signNote(TEXT, log)
  const other = signatureLines(signNote(TEXT, witness))
  assert.equal(verifyNote(note + other.repeat(40), [log]), TEXT)
  assert.throws(() => verifyNote(note + other.repeat(64), [log]), InvalidNote)
  assert.throws(() => verifyNote(`${'a'.repeat(300_000)}${note}`, [log]), InvalidNote)
})

test('what is not formed as a note is refused', () => {
  const good = signNote('text\n', log)
  const line = signatureLines(good)
  const encoded = line.trimEnd().split(' ')[2] ?? ''
  const hostile = [
    '',
    '\n\n',
    'text\n',
    'text\n\n',
    `text${line}`,
    `text\n${line}`,
    good.trimEnd(),
    `${good}\n`,
    `${good}${line}x`,
    good.replaceAll('\n', '\r\n'),
    `\u0000${good}`,
    `\ttext\n\n${line}`,
    `\u001b[31mtext\n\n${line}`,
    `\ud800text\n\n${line}`,
    good.replace('— ', '- '),
    good.replace('— ', '—  '),
    good.replace('— log.example ', '— '),
    good.replace('— log.example ', '— log+example '),
    good.replace(encoded, `${encoded} `),
    good.replace(encoded, `${encoded}\t`),
    good.replace(encoded, encoded.replaceAll('=', '')),
    good.replace(encoded, encoded.slice(0, 4)),
    good.replace(encoded, ''),
    good.replace(encoded, Buffer.from(encoded, 'base64').subarray(0, 40).toString('base64')),
    good.replace(encoded, Buffer.concat([Buffer.from(encoded, 'base64'), Buffer.of(0)]).toString('base64')),
    good.replace(encoded, `${encoded.slice(0, -2)}${encoded.at(-2) === 'B' ? 'C' : 'B'}=`),
  ]
  for (const note of hostile) assert.throws(() => verifyNote(note, [log]), InvalidNote, JSON.stringify(note))
})

test('RFC 8032 §5.1.7: a signature whose S is out of range is refused', () => {
  const note = signNote('text\n', log)
  const [signature] = parseNote(note).signatures
  assert.ok(signature)
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  const s = BigInt(`0x${Buffer.from(signature.signature.subarray(32)).reverse().toString('hex')}`) + order
  const malleated = Buffer.concat([
    Buffer.from(log.keyId.toString(16).padStart(8, '0'), 'hex'),
    signature.signature.subarray(0, 32),
    Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse(),
  ])
  assert.throws(() => verifyNote(`text\n\n— log.example ${malleated.toString('base64')}\n`, [log]), InvalidNote)
})

test('a text that cannot be a note is not signed', () => {
  for (const text of ['', 'no newline', 'a\tb\n', 'a\rb\n', 'a\u0000\n', '\udc00\n']) {
    assert.throws(() => signNote(text, log), InvalidNote)
  }
})
