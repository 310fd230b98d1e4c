import { rmSync, writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import type { CertificateFlags } from './certificate-flags.ts'
import type { Context } from './context.ts'
import { CommandError } from './exit-code.ts'
import { readTime } from './flag-value.ts'
import { readInput } from './read-input.ts'

/** How a new credential is to prove an identity, as flags say it. */
export interface ProofFlags extends CertificateFlags {
  readonly newKey?: string
  readonly publicKey?: string
  readonly jwksUri?: string
  readonly secret?: boolean
  readonly newSecret?: string
}

/** Declares those flags. */
export const declareProof = (command: Command): Command =>
  command
    .option('--new-key <file>', 'make a key pair; its private half goes to this file (0600) and nowhere else')
    .option('--public-key <file>', 'a public key that you have, as a JWK; - for standard input')
    .option('--new-secret <file>', 'make a secret, written to this file (0600)')
    .option('--secret', 'make a secret and print it, once')

/** Refuses to guess: exactly one of the ways that the command knows is asked for. */
export const needOneWay = (command: Command): void => {
  const flags = command.opts<ProofFlags>()
  const known = command.options.map((option) => option.attributeName())
  const offered = WAYS.filter(([name]) => known.includes(name))
  const ways = offered.filter(([name]) => flags[name] !== undefined)
  if (ways.length === 1) return
  throw new CommandError(
    ways.length === 0 ? 'say how it will prove itself' : 'say one way in which it will prove itself',
    { next: `give one of ${offered.map(([, flag]) => flag).join(', ')}` },
  )
}

const WAYS = [
  ['newKey', '--new-key FILE'],
  ['publicKey', '--public-key FILE'],
  ['jwksUri', '--jwks-uri URL'],
  ['newSecret', '--new-secret FILE'],
  ['secret', '--secret'],
  ['certificate', '--certificate FILE'],
  ['subjectDn', '--subject-dn NAME'],
  ['sanDns', '--san-dns NAME'],
  ['sanUri', '--san-uri NAME'],
  ['sanIp', '--san-ip NAME'],
  ['sanEmail', '--san-email NAME'],
] as const

/** Whether the new credential is a secret. */
export const isSecret = ({ secret, newSecret }: ProofFlags): boolean => secret === true || newSecret !== undefined

/** Makes the credential by `send`, which is handed the public key where there is one, and keeps its private half. */
export const withNewProof = async <Made extends { readonly secret: string | null }>(
  context: Context,
  flags: ProofFlags,
  send: (publicKey: Record<string, string> | undefined) => Promise<Made>,
): Promise<Made> => {
  const file = flags.newKey ?? flags.newSecret
  // The file comes first: a credential whose private half could not be kept would prove nothing.
  const holder = file === undefined ? undefined : reserve(file)
  try {
    const { publicKey, privateKey } = await keyOf(context, flags)
    const made = await send(publicKey)
    if (privateKey !== undefined) holder?.write(`${JSON.stringify(privateKey)}\n`)
    if (flags.newSecret !== undefined) holder?.write(`${made.secret}\n`)
    return made
  } catch (error) {
    holder?.drop()
    throw error
  }
}

/** Tells where the private half is. */
export const sayWhere = (context: Context, { newKey, newSecret }: ProofFlags): void => {
  const file = newKey ?? newSecret
  if (file !== undefined)
    context.say(`${newKey === undefined ? 'secret' : 'private key'}: ${file} (only this file has it)`)
}

/** A moment of a flag, such as `30d`, as the server takes it. */
export const momentOf = (flag: string, text: string, { around }: Context): string => {
  const read = readTime(text, around.now())
  if ('problem' in read) throw new CommandError(`${flag} ${read.problem}`)
  return String(read.value)
}

/** Makes the file, which must not be there, so that nothing that matters is written over. */
const reserve = (file: string) => {
  try {
    writeFileSync(file, '', { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    if (!exists) throw cause
    throw new CommandError(`${file} exists already, and what is in it may be needed`, {
      next: 'name another file',
      cause,
    })
  }
  return {
    write: (text: string) => writeFileSync(file, text, { mode: 0o600 }),
    drop: () => rmSync(file, { force: true }),
  }
}

const keyOf = async (context: Context, flags: ProofFlags) => {
  const isOwnKey = flags.newKey !== undefined || flags.publicKey !== undefined
  if (!isOwnKey) return { publicKey: undefined, privateKey: undefined }
  if (flags.publicKey !== undefined) {
    const publicKey = jwkOf(await readInput(context.around, flags.publicKey))
    // Caught here, so that it does not travel before the server refuses it.
    if ('d' in publicKey || 'k' in publicKey)
      throw new CommandError(`${flags.publicKey} holds a private key`, {
        next: 'give the public half only; the private one stays where it was made',
      })
    return { publicKey, privateKey: undefined }
  }
  const { calculateJwkThumbprint, exportJWK, generateKeyPair } = await import('jose')
  const pair = await generateKeyPair('ES256', { extractable: true })
  const shown = await exportJWK(pair.publicKey)
  // Every assertion then names its key, however many there are of the identity.
  const said = { alg: 'ES256', kid: await calculateJwkThumbprint(shown) }
  return {
    publicKey: jwkOf({ ...shown, ...said }),
    privateKey: { ...(await exportJWK(pair.privateKey)), ...said },
  }
}

const jwkOf = (value: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
