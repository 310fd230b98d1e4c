import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Random } from './random.ts'

/** Where a sealed text lives; it opens nowhere else. */
export interface Binding {
  readonly table: string
  readonly row: string
  readonly column: string
}

/** What is sealed does not open where it stands: it was changed, or moved there from elsewhere. */
export class BrokenSeal extends Error {
  constructor(at: Binding) {
    super(`what is sealed in ${at.table}.${at.column}, row ${at.row}, was changed or moved there; restore the database`)
    this.name = 'BrokenSeal'
  }
}

const ALGORITHM = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** Bytes of a key of AES-256. */
export const KEY_BYTES = 32

/** What a text is sealed to, as bytes. JSON keeps the parts apart: no choice of names makes two bindings read alike. */
export const bindingBytes = (at: Binding): Buffer => Buffer.from(JSON.stringify([at.table, at.row, at.column]))

/** AES-256-GCM with a random nonce, as text: nonce, body and tag. */
export const encrypt = (key: Uint8Array, plain: Uint8Array, at: Binding, random: Pick<Random, 'bytes'>): string => {
  const nonce = random.bytes(NONCE_BYTES)
  const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(bindingBytes(at))
  const body = Buffer.concat([cipher.update(plain), cipher.final()])
  return [nonce, body, cipher.getAuthTag()].map((part) => part.toString('base64url')).join('.')
}

/** Throws what the cipher throws, for a wrong key as for a changed text. */
export const decrypt = (key: Uint8Array, text: string, at: Binding): Buffer => {
  const [nonce = '', body = '', tag = ''] = text.split('.')
  const decipher = createDecipheriv(ALGORITHM, key, Buffer.from(nonce, 'base64url'), { authTagLength: TAG_BYTES })
    .setAAD(bindingBytes(at))
    .setAuthTag(Buffer.from(tag, 'base64url'))
  return Buffer.concat([decipher.update(Buffer.from(body, 'base64url')), decipher.final()])
}
