import type { KeyObject } from 'node:crypto'

const string = (bytes: Buffer): Buffer => Buffer.concat([lengthOf(bytes.length), bytes])

const lengthOf = (length: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(length)
  return bytes
}

// RFC 4251 §5: a positive number whose first bit is set has a zero byte before it.
const mpint = (base64url = ''): Buffer => string(Buffer.concat([Buffer.alloc(1), Buffer.from(base64url, 'base64url')]))

const blobOf = (publicKey: KeyObject): Buffer => {
  const { e, n } = publicKey.export({ format: 'jwk' })
  return Buffer.concat([string(Buffer.from('ssh-rsa')), mpint(e), mpint(n)])
}

/** A public RSA key as SSH writes it on a line. */
export const sshLine = (publicKey: KeyObject, comment = 'ci@acme'): string =>
  `ssh-rsa ${blobOf(publicKey).toString('base64')} ${comment}`

/** The body of OpenSSH's private form as far as its public half; the rest is what a passphrase may lock. */
export const opensshPrivate = (publicKey: KeyObject, cipher: string): string =>
  Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    string(Buffer.from(cipher)),
    string(Buffer.from(cipher === 'none' ? 'none' : 'bcrypt')),
    string(cipher === 'none' ? Buffer.alloc(0) : Buffer.alloc(24, 7)),
    lengthOf(1),
    string(blobOf(publicKey)),
    string(Buffer.alloc(160, 5)),
  ]).toString('base64')
