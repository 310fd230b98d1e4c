import { createHash, X509Certificate } from 'node:crypto'
import { recordsOf } from '../../exports/records.ts'
import type { SeenInExport } from '../../exports/seen.ts'
import { sshFingerprint } from '../../exports/ssh-key.ts'
import { jwkWeakness, pemWeakness, sshWeakness, WEAK_KEY, weaknessOf } from '../../exports/weak-key.ts'
import type { ScannedFile } from '../../file.ts'
import { linesOf } from './lines.ts'

/** Whether a file may hold public keys, certificates or a set of JSON Web Keys: cheap. */
export const mayHoldKeys = ({ extension, bytes }: ScannedFile): boolean =>
  extension === 'pub' ||
  (PEM_EXTENSIONS.has(extension) && bytes.includes('-----BEGIN ')) ||
  (JSON_EXTENSIONS.has(extension) && bytes.includes('"kty"') && bytes.includes('"RSA"'))

const PEM_EXTENSIONS = new Set(['pem', 'crt', 'cer', 'cert', 'key'])
const JSON_EXTENSIONS = new Set(['json', 'jwks', 'jwk'])

/**
 * The weak ones alone: a good public key tells nothing that anybody must do, and a bundle of authorities has hundreds. A
 * certificate that is over proves nothing any more.
 */
export const weakPublicKeys = (file: ScannedFile, now: Date): readonly SeenInExport[] => {
  const all = JSON_EXTENSIONS.has(file.extension)
    ? inKeySet(file)
    : file.bytes.includes('-----BEGIN ')
      ? inPem(file, now)
      : inLines(file)
  // A key that a hostile file repeats is one, and costs what one costs to whoever joins what was seen.
  const byKey = new Map<string, SeenInExport>()
  for (const one of all) if (byKey.size < KEYS_MAX && !byKey.has(one.key)) byKey.set(one.key, one)
  return [...byKey.values()]
}

const KEYS_MAX = 2000

const seen = (file: ScannedFile, line: number, what: string, key: string, weakness: string): SeenInExport => ({
  kind: 'account',
  name: what,
  key,
  line,
  evidence: `${what} in ${file.baseName}`,
  traits: [{ trait: WEAK_KEY, detail: `${what}: ${weakness}`, where: file.at(line) }],
})

const inLines = (file: ScannedFile): SeenInExport[] =>
  linesOf(file).flatMap(({ text, line }) => {
    const weakness = sshWeakness(text)
    const fingerprint = weakness && sshFingerprint(text)
    if (!fingerprint) return []
    const comment = text.split(/\s+/, 3)[2] ?? ''
    return [seen(file, line, `SSH key ${comment.slice(0, 100) || fingerprint}`, `ssh-key:${fingerprint}`, weakness)]
  })

const inKeySet = (file: ScannedFile): SeenInExport[] =>
  recordsOf(file).all.flatMap((record) => {
    const n = record.text('n')
    const weakness = jwkWeakness(record.text('kty'), n)
    if (weakness === undefined) return []
    return [seen(file, record.line, `JSON Web Key ${record.text('kid').slice(0, 100)}`.trim(), keyOf(n), weakness)]
  })

const BLOCK = /-----BEGIN ((?:TRUSTED )?CERTIFICATE|(?:RSA )?PUBLIC KEY)-----[A-Za-z0-9+/=\s]{40,16000}-----END /g

const inPem = (file: ScannedFile, now: Date): SeenInExport[] => {
  const blocks = file.latin1().matchAll(BLOCK).take(KEYS_MAX)
  return [...blocks].flatMap(({ 0: block, 1: label = '', index }) => {
    const pem = `${block}${label}-----\n`
    const told = label.endsWith('CERTIFICATE') ? weakCertificate(pem, now) : weakKey(pem)
    return told ? [seen(file, file.lineAt(index), told.what, told.key, told.weakness)] : []
  })
}

const weakKey = (pem: string) => {
  const weakness = pemWeakness(pem)
  return weakness && { what: 'public key', key: keyOf(pem.replace(/\s/g, '')), weakness }
}

const weakCertificate = (pem: string, now: Date) => {
  try {
    const certificate = new X509Certificate(pem)
    const weakness = weaknessOf(certificate.publicKey)
    if (weakness === undefined || certificate.validToDate < now) return undefined
    const subject = certificate.subject?.replaceAll('\n', ', ').slice(0, 160)
    return { what: `certificate ${subject}`, key: `certificate:${certificate.fingerprint256}`, weakness }
  } catch {
    // Cut or invented: it is no certificate.
    return undefined
  }
}

const keyOf = (key: string): string => `public-key:${createHash('sha256').update(key).digest('hex').slice(0, 40)}`
