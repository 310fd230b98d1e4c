import { createHash } from 'node:crypto'

/** A public SSH key in its line or its private file: its kind, and the bytes that its fingerprint is of. */
export interface SshPublicKey {
  readonly type: string
  readonly bytes: Buffer
}

/** The public SSH key that a text begins with; nothing when the text is none. */
export const sshPublicKey = (text: string): SshPublicKey | undefined => {
  const match =
    /^(ssh-[a-z0-9@.-]{2,40}|ecdsa-[a-z0-9-]{4,40}|sk-[a-z0-9@.-]{4,60}) ([A-Za-z0-9+/]{40,12000}={0,2})(?:\s|$)/.exec(
      text,
    )
  const [, type = '', body = ''] = match ?? []
  if (!match) return undefined
  const bytes = Buffer.from(body, 'base64')
  // RFC 4253 §6.6: the blob begins with its own type, so that a cut or an invented one is known.
  if (bytes.length < 4 + type.length || bytes.toString('latin1', 4, 4 + type.length) !== type) return undefined
  return { type, bytes }
}

/** The fingerprint of a public SSH key as `ssh-keygen -l` prints it; nothing when the text is none. */
export const sshFingerprint = (publicKey: string): string | undefined => {
  const key = sshPublicKey(publicKey)
  return key && `SHA256:${createHash('sha256').update(key.bytes).digest('base64').replace(/=+$/, '')}`
}
