/**
 * The bytes of a standard base64 text (RFC 4648 §4, padded), or undefined when the text is not the one encoding of
 * them: a lenient decoder would let a file be changed without changing what it says.
 */
export const decodeBase64 = (text: string): Buffer | undefined => {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

/** The 32 bytes of a base64 hash, or undefined when the text is anything else. */
export const decodeHash = (text: string): Buffer | undefined => {
  const bytes = text.length === 44 ? decodeBase64(text) : undefined
  return bytes?.length === 32 ? bytes : undefined
}

/** The standard base64 text (RFC 4648 §4, padded) of some bytes. */
export const encodeBase64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
