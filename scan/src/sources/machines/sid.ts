/** A security identifier as text ([MS-DTYP] §2.4.2), from its bytes in hex or the text itself; empty when it is none. */
export const sidOf = (told: string): string => {
  if (/^S-1-\d{1,15}(?:-\d{1,10}){0,15}$/i.test(told)) return told.toUpperCase()
  return /^(?:[0-9a-f]{2}){8,68}$/i.test(told) ? sidAt(Buffer.from(told, 'hex'), 0) : ''
}

/** Whom an access control list lets in, from the bytes of a security descriptor in hex ([MS-DTYP] §2.4.6). */
export const allowedBy = (descriptor: string): string[] => {
  const bytes = /^(?:[0-9a-f]{2}){20,65535}$/i.test(descriptor) ? Buffer.from(descriptor, 'hex') : Buffer.alloc(0)
  const list = bytes.length < 20 ? 0 : bytes.readUInt32LE(16)
  if (list < 20 || list + 8 > bytes.length) return []
  const found: string[] = []
  let at = list + 8
  for (let left = bytes.readUInt16LE(list + 4); left > 0 && at + 8 <= bytes.length; left -= 1) {
    const length = bytes.readUInt16LE(at + 2)
    const sid = bytes[at] === ACCESS_ALLOWED ? sidAt(bytes, at + 8) : ''
    if (sid !== '') found.push(sid)
    if (length < 8) break
    at += length
  }
  return found
}

const ACCESS_ALLOWED = 0

const sidAt = (bytes: Buffer, at: number): string => {
  const parts = bytes[at + 1] ?? 0
  if (bytes[at] !== 1 || parts > 15 || at + 8 + parts * 4 > bytes.length) return ''
  const authority = bytes.readUIntBE(at + 2, 6)
  const each = Array.from({ length: parts }, (_, part) => bytes.readUInt32LE(at + 8 + part * 4))
  return ['S-1', authority, ...each].join('-')
}
