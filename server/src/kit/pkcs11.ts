import { createHash } from 'node:crypto'
import { KeyUnavailable, type KeyWrapper, NOT_THIS_ONE, WrongKey } from './key-wrapper.ts'
import { openModule, type Pkcs11Module } from './pkcs11-module.ts'
import { systemRandom } from './random.ts'
import { bindingBytes } from './seal-box.ts'

const IV_BYTES = 12

/**
 * A key-encryption key that never leaves its token: AES in a PKCS#11 module, used with AES-GCM. Named by RFC 7512, as in
 * `pkcs11:token=reeve;object=kek?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/pin`. Throws `KeyUnavailable`.
 */
export const openPkcs11 = async (uri: string): Promise<KeyWrapper> => {
  const named = readPkcs11Uri(uri)
  const module = await openModule(named.modulePath)
  const random = systemRandom()
  return {
    id: `pkcs11:${createHash('sha256')
      .update(JSON.stringify([named.token, named.object]))
      .digest('base64url')
      .slice(0, 16)}`,
    wrap: async (key, at) => {
      const iv = random.bytes(IV_BYTES)
      const body = withKey(module, named, (session, handle) =>
        module.encrypt(session, handle, { iv, bound: bindingBytes(at), text: Buffer.from(key) }),
      )
      return `${iv.toString('base64url')}.${body.toString('base64url')}`
    },
    unwrap: async (wrapped, at) => {
      const [iv = '', body = ''] = wrapped.split('.').map((part) => Buffer.from(part, 'base64url'))
      if (iv === '' || body === '') throw new WrongKey(NOT_THIS_ONE)
      return withKey(module, named, (session, handle) =>
        module.decrypt(session, handle, { iv, bound: bindingBytes(at), text: body }),
      )
    },
  }
}

/** What an RFC 7512 URI says of a key. */
export interface Pkcs11Name {
  readonly token: string
  readonly object: string
  readonly modulePath: string
  /** The PIN, or the file that it is in. */
  readonly pin: { readonly value: string } | { readonly file: string }
}

/** Reads the attributes that are used here (RFC 7512 §2.3, §2.4). Throws `KeyUnavailable` when one is missing. */
export const readPkcs11Uri = (uri: string): Pkcs11Name => {
  const [path = '', query = ''] = uri.slice('pkcs11:'.length).split('?')
  const attributes = new Map(
    [...path.split(';'), ...query.split('&')]
      .filter((part) => part.includes('='))
      .map((part) => [part.slice(0, part.indexOf('=')), decode(part.slice(part.indexOf('=') + 1))]),
  )
  const need = (name: string): string => {
    const value = attributes.get(name)
    if (value === undefined || value === '') throw new KeyUnavailable(`the PKCS#11 URI does not say ${name}=…`)
    return value
  }
  const value = attributes.get('pin-value')
  const pin = value === undefined ? { file: need('pin-source').replace(/^file:/, '') } : { value }
  return { token: need('token'), object: need('object'), modulePath: need('module-path'), pin }
}

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new KeyUnavailable('the PKCS#11 URI is not percent-encoded as RFC 7512 asks')
  }
}

// A session of its own each time: it is asked at a start and at a rotation, and a token may have been away in between.
const withKey = (module: Pkcs11Module, named: Pkcs11Name, use: (session: bigint, key: bigint) => Buffer): Buffer => {
  const session = module.open(named.token, module.pinOf(named.pin))
  try {
    return use(session, module.findKey(session, named.object))
  } finally {
    module.close(session)
  }
}
