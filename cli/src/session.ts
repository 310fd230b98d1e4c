import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@reeve/sdk/client'
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose'
import { CommandError } from './exit-code.ts'
import type { Surroundings } from './surroundings.ts'

/** What the CLI keeps of a login, in files that only their owner can read. */
export interface Session {
  readonly server: string
  readonly person: string
  readonly token: string
  readonly expiresAt: string
}

interface Device {
  readonly server: string
  readonly person: string
  readonly key: JWK
}

const DEFAULT_SERVER = 'http://127.0.0.1:4650'

/** The server to speak to: the flag, the environment, the last login, or the one on this machine. */
export const serverOf = (around: Surroundings, flag: string | undefined): string =>
  (flag ?? around.serverUrl ?? readDevice(around)?.server ?? DEFAULT_SERVER).replace(/\/$/, '')

/** Makes a device key and becomes the person whom the one-time code is for. */
export const enrol = async (around: Surroundings, server: string, code: string, name: string, email: string) => {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const client = createClient({ baseUrl: server, clock: around.clock, random: around.random })
  const person = await client.lifecycle.person.enrol({ code, name, email, key: publicJwk(await exportJWK(publicKey)) })
  keep(around, 'device.json', { server, person: person.id, key: await exportJWK(privateKey) } satisfies Device)
  return openSession(around)
}

/** Opens a session with the device key that enrolment made. */
export const openSession = async (around: Surroundings): Promise<Session> => {
  const device = readDevice(around)
  if (device === undefined) throw needsLogin('nobody has logged in on this machine')
  const assertion = await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT' })
    .setIssuer(device.person)
    .setSubject(device.person)
    .setAudience(await issuerOf(device.server))
    .setJti(around.random.id())
    .setIssuedAt(around.now())
    .setExpirationTime(new Date(around.now().getTime() + 60_000))
    .sign(await importJWK(device.key, 'ES256'))
  const client = createClient({ baseUrl: device.server, clock: around.clock, random: around.random })
  const made = await client.lifecycle.session.create({ assertion })
  const session = { server: device.server, person: device.person, token: made.token, expiresAt: made.expiresAt }
  keep(around, 'session.json', session)
  return session
}

/** The session to call with; renewed by the device key when it is about to end. */
export const currentSession = async (around: Surroundings, server: string): Promise<string> => {
  const session = read<Session>(around, 'session.json', around.sessionFile)
  const isFresh = session !== undefined && new Date(session.expiresAt).getTime() > around.now().getTime() + 60_000
  if (isFresh && session.server === server) return session.token
  if (readDevice(around)?.server !== server) throw needsLogin(`nobody has logged in to ${server} on this machine`)
  return (await openSession(around)).token
}

/** Forgets session and device key. */
export const forget = (around: Surroundings): void => {
  for (const file of ['session.json', 'device.json']) rmSync(join(around.configFolder, file), { force: true })
}

const needsLogin = (message: string): CommandError =>
  new CommandError(message, {
    exitCode: 4,
    next: 'reeve login --code CODE (the server prints the first one; an admin makes more with `reeve person invite`)',
  })

// The private part never leaves the machine: only the members of a public EC key are sent.
const publicJwk = ({ x = '', y = '' }: JWK) => ({ kty: 'EC' as const, crv: 'P-256' as const, x, y })

const issuerOf = async (server: string): Promise<string> => {
  const response = await fetch(`${server}/.well-known/oauth-authorization-server`, { redirect: 'error' })
  const metadata: unknown = await response.json()
  const issuer = typeof metadata === 'object' && metadata !== null && 'issuer' in metadata ? metadata.issuer : undefined
  if (typeof issuer !== 'string')
    throw new CommandError(`${server} does not answer like a Reeve server`, { exitCode: 2 })
  return issuer
}

const readDevice = (around: Surroundings): Device | undefined => read<Device>(around, 'device.json')

// Files that this program wrote with owner-only rights; a damaged one reads as absent and leads to a new login.
const read = <T>(around: Surroundings, file: string, path = join(around.configFolder, file)): T | undefined => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

const keep = (around: Surroundings, file: string, value: unknown): void => {
  mkdirSync(around.configFolder, { recursive: true, mode: 0o700 })
  const path = join(around.configFolder, file)
  writeFileSync(`${path}.new`, `${JSON.stringify(value)}\n`, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}
