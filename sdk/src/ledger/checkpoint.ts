import { decodeHash, encodeBase64 } from './base64.ts'
import { emptyRoot } from './merkle.ts'
import { InvalidNote, type Signer, signNote, verifyNote } from './note.ts'
import type { Verifier } from './vkey.ts'

/**
 * What a log says about itself at one size: its name, the number of its entries, the root over them (32 bytes), and
 * lines that nobody audits (C2SP tlog-checkpoint advises against having any).
 */
export type Checkpoint = {
  readonly origin: string
  readonly size: number
  readonly root: Uint8Array
  readonly extensions: readonly string[]
}

/** Says why a text is not a checkpoint. */
export class InvalidCheckpoint extends Error {
  override readonly name = 'InvalidCheckpoint'
}

/** The note text of a checkpoint (C2SP tlog-checkpoint, "Note text"); InvalidCheckpoint when a part does not fit. */
export const formatCheckpoint = ({ origin, size, root, extensions }: Checkpoint): string => {
  const text = `${[origin, size, encodeBase64(root), ...extensions].join('\n')}\n`
  const { extensions: read } = parseCheckpoint(text)
  // A newline inside the origin or an extension would have moved the lines.
  if (read.length !== extensions.length) throw new InvalidCheckpoint('a line of a checkpoint holds no newline')
  return text
}

/** Reads the note text of a checkpoint; InvalidCheckpoint when it is not formed as C2SP tlog-checkpoint says. */
export const parseCheckpoint = (text: string): Checkpoint => {
  const lines = text.split('\n')
  const end = lines.pop()
  if (end !== '' || lines.length < 3 || lines.includes('')) {
    throw new InvalidCheckpoint('a checkpoint is three or more lines, none of them empty')
  }
  const [origin = '', sizeText = '', rootText = '', ...extensions] = lines
  const size = /^(?:0|[1-9][0-9]{0,15})$/.test(sizeText) ? Number(sizeText) : Number.NaN
  if (!Number.isSafeInteger(size)) throw new InvalidCheckpoint('the size of a checkpoint is no decimal number')
  const root = decodeHash(rootText)
  if (root === undefined) throw new InvalidCheckpoint('the root of a checkpoint is no hash')
  // C2SP tlog-witness, "add-checkpoint": without entries there is only one root.
  if (size === 0 && !root.equals(emptyRoot())) throw new InvalidCheckpoint('an empty tree has another root')
  return { origin, size, root, extensions }
}

/** The signed note of a checkpoint; the signer bears the log's name, as C2SP tlog-checkpoint ("Signatures") wants. */
export const signCheckpoint = (checkpoint: Checkpoint, signer: Signer): string => {
  if (signer.name !== checkpoint.origin) throw new InvalidCheckpoint('the signer does not bear the name of the log')
  return signNote(formatCheckpoint(checkpoint), signer)
}

/**
 * The checkpoint in a signed note, once one of the log's keys is seen to have signed it; all verifiers given bear
 * the log's name. InvalidNote or InvalidCheckpoint otherwise.
 */
export const openCheckpoint = (note: string, verifiers: readonly Verifier[]): Checkpoint => {
  const checkpoint = parseCheckpoint(verifyNote(note, verifiers))
  if (!verifiers.every(({ name }) => name === checkpoint.origin)) {
    throw new InvalidCheckpoint('the checkpoint is of another log')
  }
  return checkpoint
}

/** Whether an error is how this folder says that a note or its checkpoint is not to be believed. */
export const isUnbelievable = (error: unknown): error is InvalidNote | InvalidCheckpoint =>
  error instanceof InvalidNote || error instanceof InvalidCheckpoint
