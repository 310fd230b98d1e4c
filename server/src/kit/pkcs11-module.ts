import { readFileSync } from 'node:fs'
import { KeyUnavailable, NOT_THIS_ONE, WrongKey } from './key-wrapper.ts'

/** One text for AES-GCM: with its nonce, what it is bound to, and the text or cipher text with its tag. */
export interface GcmText {
  readonly iv: Buffer
  readonly bound: Buffer
  readonly text: Buffer
}

/** A PKCS#11 2.40 module, as far as one AES key of it is used. Everything throws `KeyUnavailable`. */
export interface Pkcs11Module {
  pinOf(pin: { readonly value: string } | { readonly file: string }): string
  /** A session with the token of this label, logged in. */
  open(tokenLabel: string, pin: string): bigint
  close(session: bigint): void
  /** The one secret key with this label. */
  findKey(session: bigint, label: string): bigint
  encrypt(session: bigint, key: bigint, text: GcmText): Buffer
  /** Throws `WrongKey` when it is not what this key encrypted, bound to this. */
  decrypt(session: bigint, key: bigint, text: GcmText): Buffer
}

// PKCS#11 2.40, Current Mechanisms and Base Specification. CK_ULONG is a C long: eight bytes on every system that this runs on.
const CKF_SERIAL_SESSION = 4n
const CKU_USER = 1n
const CKA_CLASS = 0n
const CKA_LABEL = 3n
const CKO_SECRET_KEY = 4n
const CKM_AES_GCM = 0x1087n
const CKR_CRYPTOKI_ALREADY_INITIALIZED = 0x191n
const CKR_USER_ALREADY_LOGGED_IN = 0x100n
const TAG_BITS = 128n
const TOKEN_INFO_BYTES = 208
const TOKEN_LABEL_BYTES = 32
const MAX_SLOTS = 64
/** What a module says that is no text of this key: data invalid, data of a wrong length, and what SoftHSM says of a wrong tag. */
const NOT_OURS = [0x40n, 0x41n, 0x5n]

const ULONG = 'uint64'
const BUFFER = 'buffer'
const FUNCTIONS = {
  C_Initialize: { arguments: ['pointer'], return: ULONG },
  C_GetSlotList: { arguments: ['uint8', BUFFER, BUFFER], return: ULONG },
  C_GetTokenInfo: { arguments: [ULONG, BUFFER], return: ULONG },
  C_OpenSession: { arguments: [ULONG, ULONG, 'pointer', 'pointer', BUFFER], return: ULONG },
  C_CloseSession: { arguments: [ULONG], return: ULONG },
  C_Login: { arguments: [ULONG, ULONG, BUFFER, ULONG], return: ULONG },
  C_FindObjectsInit: { arguments: [ULONG, BUFFER, ULONG], return: ULONG },
  C_FindObjects: { arguments: [ULONG, BUFFER, ULONG, BUFFER], return: ULONG },
  C_FindObjectsFinal: { arguments: [ULONG], return: ULONG },
  C_EncryptInit: { arguments: [ULONG, BUFFER, ULONG], return: ULONG },
  C_Encrypt: { arguments: [ULONG, BUFFER, ULONG, BUFFER, BUFFER], return: ULONG },
  C_DecryptInit: { arguments: [ULONG, BUFFER, ULONG], return: ULONG },
  C_Decrypt: { arguments: [ULONG, BUFFER, ULONG, BUFFER, BUFFER], return: ULONG },
} as const

/** Loads a module by Node's own foreign function interface: no addon that would have to be built. */
export const openModule = async (path: string): Promise<Pkcs11Module> => {
  const ffi = await import('node:ffi').catch((cause: unknown) => {
    throw new KeyUnavailable('a key in a PKCS#11 token needs Node 26.1 or newer', cause)
  })
  const { functions: c } = load(ffi, path)
  const pointer = (bytes: Buffer): bigint => ffi.getRawPointer(bytes)
  const must = (what: string, code: bigint, ...fine: readonly bigint[]): void => {
    if (code !== 0n && !fine.includes(code))
      throw new KeyUnavailable(`the PKCS#11 module answers ${what} with the error 0x${code.toString(16)}`)
  }
  must('C_Initialize', c.C_Initialize(0n), CKR_CRYPTOKI_ALREADY_INITIALIZED)

  const slotOf = (label: string): bigint => {
    const count = ulongs(BigInt(MAX_SLOTS))
    const slots = Buffer.alloc(MAX_SLOTS * 8)
    must('C_GetSlotList', c.C_GetSlotList(1, slots, count))
    for (let at = 0; at < Number(count.readBigUInt64LE()); at++) {
      const slot = slots.readBigUInt64LE(at * 8)
      const info = Buffer.alloc(TOKEN_INFO_BYTES)
      if (c.C_GetTokenInfo(slot, info) !== 0n) continue
      if (info.toString('utf8', 0, TOKEN_LABEL_BYTES).trimEnd() === label) return slot
    }
    throw new KeyUnavailable(`no PKCS#11 token with the label ${label} is there`)
  }

  // The parts that a mechanism points to have to live until the call is over: they are handed back with it.
  const gcm = ({ iv, bound }: GcmText) => {
    const params = ulongs(
      pointer(iv),
      BigInt(iv.length),
      BigInt(iv.length * 8),
      pointer(bound),
      BigInt(bound.length),
      TAG_BITS,
    )
    return { mechanism: ulongs(CKM_AES_GCM, pointer(params), BigInt(params.length)), params }
  }

  return {
    pinOf: (pin) => ('value' in pin ? pin.value : readPin(pin.file)),
    open: (label, pin) => {
      const session = Buffer.alloc(8)
      must('C_OpenSession', c.C_OpenSession(slotOf(label), CKF_SERIAL_SESSION, 0n, 0n, session))
      const opened = session.readBigUInt64LE()
      const secret = Buffer.from(pin)
      const code = c.C_Login(opened, CKU_USER, secret, BigInt(secret.length))
      secret.fill(0)
      if (code !== 0n && code !== CKR_USER_ALREADY_LOGGED_IN) c.C_CloseSession(opened)
      must('C_Login', code, CKR_USER_ALREADY_LOGGED_IN)
      return opened
    },
    close: (session) => void c.C_CloseSession(session),
    findKey: (session, label) => {
      const name = Buffer.from(label)
      const kind = ulongs(CKO_SECRET_KEY)
      const template = ulongs(CKA_CLASS, pointer(kind), 8n, CKA_LABEL, pointer(name), BigInt(name.length))
      must('C_FindObjectsInit', c.C_FindObjectsInit(session, template, 2n))
      const found = Buffer.alloc(16)
      const count = Buffer.alloc(8)
      must('C_FindObjects', c.C_FindObjects(session, found, 2n, count))
      must('C_FindObjectsFinal', c.C_FindObjectsFinal(session))
      if (count.readBigUInt64LE() !== 1n || kind.length + name.length === 0)
        throw new KeyUnavailable(`there is not exactly one secret key with the label ${label} in the PKCS#11 token`)
      return found.readBigUInt64LE()
    },
    encrypt: (session, key, text) => {
      const { mechanism, params } = gcm(text)
      must('C_EncryptInit', c.C_EncryptInit(session, mechanism, key))
      const out = Buffer.alloc(text.text.length + Number(TAG_BITS))
      const length = ulongs(BigInt(out.length))
      must('C_Encrypt', c.C_Encrypt(session, text.text, BigInt(text.text.length), out, length))
      params.fill(0)
      return out.subarray(0, Number(length.readBigUInt64LE()))
    },
    decrypt: (session, key, text) => {
      const { mechanism, params } = gcm(text)
      must('C_DecryptInit', c.C_DecryptInit(session, mechanism, key))
      const out = Buffer.alloc(text.text.length + Number(TAG_BITS))
      const length = ulongs(BigInt(out.length))
      const code = c.C_Decrypt(session, text.text, BigInt(text.text.length), out, length)
      params.fill(0)
      if (NOT_OURS.includes(code)) throw new WrongKey(NOT_THIS_ONE)
      must('C_Decrypt', code)
      return out.subarray(0, Number(length.readBigUInt64LE()))
    },
  }
}

const load = (ffi: typeof import('node:ffi'), path: string) => {
  try {
    return ffi.dlopen(path, FUNCTIONS)
  } catch (cause) {
    throw new KeyUnavailable(`the PKCS#11 module ${path} cannot be loaded`, cause)
  }
}

const readPin = (file: string): string => {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (cause) {
    throw new KeyUnavailable(`the file with the PIN, ${file}, cannot be read`, cause)
  }
}

const ulongs = (...values: readonly bigint[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 8)
  for (const [at, value] of values.entries()) bytes.writeBigUInt64LE(value, at * 8)
  return bytes
}
