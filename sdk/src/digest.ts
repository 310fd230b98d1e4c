import { base64url } from 'jose'

/** The base64url SHA-256 of a text, at once; only where Node's own crypto is there. */
export const sha256 = (text: string): string => {
  if (nodeHash === undefined)
    throw new Error('a synchronous digest needs Node, Bun or a worker with Node compatibility')
  return nodeHash('sha256', text, 'base64url')
}

/** The base64url SHA-256 of each text: at once in Node, by WebCrypto elsewhere. */
export const sha256All = (texts: readonly string[]): string[] | Promise<string[]> =>
  nodeHash === undefined ? Promise.all(texts.map(webSha256)) : texts.map(sha256)

// Asked for at run time, not imported, so that a browser's bundler finds nothing to resolve.
const nodeHash = globalThis.process?.getBuiltinModule?.('node:crypto')?.hash

const webSha256 = async (text: string): Promise<string> =>
  base64url.encode(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))))
