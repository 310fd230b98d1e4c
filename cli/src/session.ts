import { closeSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { makeFolder } from '@reeve/sdk/make-folder'
import type { JWK } from 'jose'
import { CommandError } from './exit-code.ts'
import { lastServerFile, serverFolder } from './server-url.ts'
import type { Surroundings } from './surroundings.ts'

/** What the CLI keeps of a login, in a file that only its owner can read. */
export interface Session {
  readonly server: string
  readonly person: string
  readonly token: string
  readonly expiresAt: string
}

/** The key that makes this machine the person's device; it never leaves the file. */
interface Device {
  readonly server: string
  readonly person: string
  readonly key: JWK
}

const RENEWED_BEFORE_MS = 60_000

/** Makes a device key and becomes the person whom the one-time code is for. */
export const enrol = async (
  around: Surroundings,
  server: string,
  given: { readonly code: string; readonly name: string; readonly email: string },
): Promise<Session> => {
  const { exportJWK, generateKeyPair } = await import('jose')
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const client = await clientOf(around, server)
  const person = await client.lifecycle.person.enrol({ ...given, key: publicJwk(await exportJWK(publicKey)) })
  const device: Device = { server, person: person.id, key: await exportJWK(privateKey) }
  keep(join(serverFolder(around, server), 'device.json'), device)
  return openSession(around, server)
}

/** Opens a session with the device key that enrolment made. */
export const openSession = async (around: Surroundings, server: string): Promise<Session> => {
  const session = await sessionByDevice(around, server, {})
  keepSession(around, session)
  return session
}

/** Keeps a session that another one approved: there is no device key here that would open the next one. */
export const keepSession = (around: Surroundings, session: Session): void => {
  keep(join(serverFolder(around, session.server), 'session.json'), session)
  writeFileSync(lastServerFile(around), `${session.server}\n`)
}

/** What a session may be narrowed to: access as code of these directories. */
export interface Narrowing {
  readonly directories: string[]
  readonly may: 'plan' | 'plan+apply'
}

/** Opens a session that can do nothing but this, into a file of its own; the one at hand stays as it is. */
export const openNarrowedSession = async (
  around: Surroundings,
  server: string,
  given: { readonly narrowedTo: Narrowing; readonly hours: number; readonly file: string },
): Promise<Session> => {
  const { narrowedTo, hours, file } = given
  // First, so that there is never a session that nobody holds; and 0600 from its first byte.
  const opened = created(file)
  try {
    const session = await sessionByDevice(around, server, { narrowedTo, expiresInHours: hours })
    writeFileSync(opened, `${JSON.stringify({ ...session, narrowedTo })}\n`)
    return session
  } catch (error) {
    rmSync(file, { force: true })
    throw error
  } finally {
    closeSync(opened)
  }
}

const created = (file: string): number => {
  try {
    return openSync(file, 'wx', 0o600)
  } catch (cause) {
    const isThere = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    if (isThere)
      throw new CommandError(`${file} exists already`, { next: 'name another file with --out, or remove this one' })
    throw new CommandError(`${file} cannot be written, so that no session was opened`, {
      next: 'name a file with --out in a folder that you may write to',
      cause,
    })
  }
}

const sessionByDevice = async (
  around: Surroundings,
  server: string,
  asked: { readonly narrowedTo?: Narrowing; readonly expiresInHours?: number },
): Promise<Session> => {
  const device = readDevice(around, server)
  if (device === undefined) throw needsLogin(server)
  const { importJWK, SignJWT } = await import('jose')
  const assertion = await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT' })
    .setIssuer(device.person)
    .setSubject(device.person)
    .setAudience(await issuerOf(around, server))
    .setJti(around.random.id())
    .setIssuedAt(around.now())
    .setExpirationTime(new Date(around.now().getTime() + 60_000))
    .sign(await importJWK(device.key, 'ES256'))
  const made = await (await clientOf(around, server)).lifecycle.session.create({ assertion, ...asked })
  return { server, person: device.person, token: made.token, expiresAt: made.expiresAt }
}

/** The session to call with; renewed by the device key when it is about to end. */
export const currentSession = async (around: Surroundings, server: string): Promise<Session> => {
  const fresh = freshSession(around, server)
  if (fresh !== undefined) return fresh
  // What was narrowed must not be followed by a session that may do everything.
  if (around.sessionFile !== undefined)
    throw new CommandError(`the session in REEVE_SESSION_FILE (${around.sessionFile}) has ended`, {
      exitCode: 4,
      next: 'put a new one there: reeve login --directory NAME --may plan --out FILE',
    })
  return openSession(around, server)
}

/** The session that is at hand and not about to end; asks nobody. */
export const freshSession = (around: Surroundings, server: string): Session | undefined => {
  const session = sessionFor(around, server)
  const endsMs = session === undefined ? 0 : new Date(session.expiresAt).getTime()
  return endsMs > around.now().getTime() + RENEWED_BEFORE_MS ? session : undefined
}

/** Whether this machine can open a session by itself. */
export const hasDevice = (around: Surroundings, server: string): boolean => readDevice(around, server) !== undefined

/** Forgets session and device key of one server; says whether there were any. */
export const forget = (around: Surroundings, server: string): boolean => {
  const hadAny = hasDevice(around, server) || freshSession(around, server) !== undefined
  rmSync(serverFolder(around, server), { recursive: true, force: true })
  return hadAny
}

const sessionFor = (around: Surroundings, server: string): Session | undefined => {
  const { sessionFile } = around
  const kept = read(sessionFile ?? join(serverFolder(around, server), 'session.json'))
  const { person, token, expiresAt } = kept
  const isWhole = typeof person === 'string' && typeof token === 'string' && typeof expiresAt === 'string'
  const session = isWhole && kept.server === server ? { server, person, token, expiresAt } : undefined
  if (sessionFile !== undefined && session === undefined)
    throw new CommandError(`REEVE_SESSION_FILE (${sessionFile}) holds no session of ${server}`, {
      exitCode: 4,
      next: 'unset it, or let it name a session.json that `reeve login` wrote for this server',
    })
  return session
}

const needsLogin = (server: string): CommandError =>
  new CommandError(`nobody has logged in to ${server} on this machine`, {
    exitCode: 4,
    next: 'reeve login (asks for the one-time code: the server prints the first one, `reeve person invite` makes more), or reeve login --device',
  })

const clientOf = async (around: Surroundings, server: string) => {
  const { createClient } = await import('@reeve/sdk/client')
  const { clock, random } = around
  return createClient({ baseUrl: server, userAgent: 'reeve-cli', clock, random })
}

// The private part never leaves the machine: only the members of a public EC key are sent.
const publicJwk = ({ x = '', y = '' }: JWK) => ({ kty: 'EC' as const, crv: 'P-256' as const, x, y })

const issuerOf = async (around: Surroundings, server: string): Promise<string> => {
  const { askServer } = await import('./ask-server.ts')
  const { body } = await askServer(around, server, '/.well-known/oauth-authorization-server')
  if (typeof body.issuer === 'string') return body.issuer
  throw new CommandError(`${server} does not answer as a Reeve server does`, {
    exitCode: 2,
    next: 'check the URL: reeve doctor',
  })
}

const readDevice = (around: Surroundings, server: string): Device | undefined => {
  const { person, key, server: of } = read(join(serverFolder(around, server), 'device.json'))
  return of === server && typeof person === 'string' && typeof key === 'object' && key !== null
    ? { server, person, key }
    : undefined
}

// A damaged file reads as an absent one, which leads to a new login.
const read = (file: string): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

// Under another name first, so that a reader never sees half of it; 0600 from its first byte.
const keep = (file: string, value: unknown): void => {
  makeFolder(dirname(file))
  writeFileSync(`${file}.new`, `${JSON.stringify(value)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
