import { type KeyObject, sign, verify } from 'node:crypto'
import { decodeBase64 } from './base64.ts'
import { isKeyName, type Verifier, verifierOf } from './vkey.ts'

/** What signs notes: a verifier and its private key. */
export type Signer = Verifier & { readonly privateKey: KeyObject }

/** One signature line: who, which key (unsigned 32 bits), and the bytes behind the key id. */
export type NoteSignature = { readonly name: string; readonly keyId: number; readonly signature: Uint8Array }

/** A note taken apart: the text with its last newline, and the signatures, of which none is checked yet. */
export type Note = { readonly text: string; readonly signatures: readonly NoteSignature[] }

/** Says why a text is not a signed note, or why its signatures do not convince. */
export class InvalidNote extends Error {
  override readonly name = 'InvalidNote'
}

/** A signer of an Ed25519 private key under a name; InvalidVkey when either does not fit. */
export const signerOf = (name: string, privateKey: KeyObject): Signer => ({
  ...verifierOf(name, privateKey),
  privateKey,
})

/**
 * The signed note over a text that ends in a newline and has no other control characters (C2SP signed-note,
 * "Format"). InvalidNote when the text does not fit.
 */
export const signNote = (text: string, signer: Signer): string => {
  const bytes = Buffer.from(assertNoteText(text))
  const signature = sign(null, bytes, signer.privateKey)
  const keyId = Buffer.allocUnsafe(4)
  keyId.writeUInt32BE(signer.keyId)
  return `${text}\n— ${signer.name} ${Buffer.concat([keyId, signature]).toString('base64')}\n`
}

/** Takes a signed note apart without checking who signed it; InvalidNote when it is not formed as C2SP says. */
export const parseNote = (note: string): Note => {
  if (note.length > NOTE_CHARS_MAX) throw new InvalidNote('the note is too long')
  // The last empty line separates: the text may have empty lines of its own.
  const end = note.lastIndexOf('\n\n') + 1
  if (end === 0) throw new InvalidNote('the note has no signatures')
  const text = assertNoteText(note.slice(0, end))
  const lines = note.slice(end + 1).split('\n')
  if (lines.pop() !== '' || lines.length === 0) throw new InvalidNote('the note has no signatures')
  if (lines.length > SIGNATURES_MAX) throw new InvalidNote('the note has too many signatures')
  return { text, signatures: lines.map(parseSignature) }
}

/**
 * The text of a note that at least one of the given keys signed. Signatures of unknown keys are ignored; a bad one
 * of a known key refuses the whole note (C2SP signed-note, "Signatures"). InvalidNote otherwise.
 */
export const verifyNote = (note: string, verifiers: readonly Verifier[]): string => {
  const { text, signatures } = parseNote(note)
  const bytes = Buffer.from(text)
  let isSigned = false
  for (const { name, keyId, signature } of signatures) {
    const known = verifiers.filter((verifier) => verifier.name === name && verifier.keyId === keyId)
    if (known.length === 0) continue
    if (!known.some(({ publicKey }) => signature.length === 64 && verify(null, bytes, publicKey, signature))) {
      throw new InvalidNote('the signature of a known key is wrong')
    }
    isSigned = true
  }
  if (!isSigned) throw new InvalidNote('the note is not signed by a known key')
  return text
}

const NOTE_CHARS_MAX = 262_144
const SIGNATURES_MAX = 64

const assertNoteText = (text: string): string => {
  if (!text.endsWith('\n')) throw new InvalidNote('the text of a note ends in a newline')
  if (!text.isWellFormed() || /[\x00-\x09\x0b-\x1f]/.test(text)) {
    throw new InvalidNote('the text of a note is well-formed and has no control characters but newlines')
  }
  return text
}

const parseSignature = (line: string): NoteSignature => {
  const [dash, name = '', encoded = '', ...rest] = line.split(' ')
  const bytes = decodeBase64(encoded)
  if (dash !== '—' || !isKeyName(name) || rest.length > 0 || bytes === undefined || bytes.length < 5) {
    throw new InvalidNote('a signature line is malformed')
  }
  return { name, keyId: bytes.readUInt32BE(0), signature: bytes.subarray(4) }
}
