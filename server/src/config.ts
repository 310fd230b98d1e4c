import { existsSync, readFileSync, statSync } from 'node:fs'
import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { makeFolder } from '@reeve/sdk/make-folder'
import { Cron } from 'croner'
import { z } from 'zod'
import { plainIssue } from './kit/plain-issue.ts'

/** Every setting of the server. This file is the only reader of the environment. */
export interface Config {
  readonly dataFolder: string
  /** PostgreSQL's URL; without it the embedded database in the data folder is used. */
  readonly databaseUrl: string | undefined
  readonly databasePoolSize: number
  readonly host: string
  readonly port: number
  /** The URL under which workloads and verifiers reach this server; also the `iss` of its tokens. */
  readonly issuer: string | undefined
  /** 32 bytes; undefined when nobody gave one: a new database gets one then, any other stays sealed. */
  readonly kek: Buffer | undefined
  /** The key-encryption key in a device or with a cloud, by its URI. */
  readonly kekUri: string | undefined
  /** The keys of before, by value or URI: they open what they wrapped. */
  readonly oldKeks: readonly (Buffer | string)[]
  /** Where the key of a new database is kept; undefined when another place was named. */
  readonly newKekFile: string | undefined
  /** Where the signed checkpoint is kept, outside the database. */
  readonly checkpointFile: string
  readonly logLevel: string
  /** Addresses or networks of proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[]
  /** A certificate with its chain and its key, in PEM: the server ends TLS itself. */
  readonly tls: { readonly certificate: string; readonly key: string; readonly asksClients: boolean } | undefined
  /** Another port, where clients are asked for a certificate while nobody is at the first (RFC 8705 §5). */
  readonly mtlsPort: number | undefined
  /** The URL under which those who show certificates reach this server, where another than `issuer` was named. */
  readonly mtlsUrl: string | undefined
  /** CAs, in PEM, that issue the certificates of clients. */
  readonly clientCas: string | undefined
  /** Addresses or networks of proxies whose Client-Cert is believed. */
  readonly clientCertProxies: readonly string[]
  /** A MaxMind DB file that says in which country an address is. */
  readonly geoDatabase: string | undefined
  /** How long a server that was told to stop goes on taking requests, so that who sends them sees that it is not ready. */
  readonly graceSeconds: number
  readonly drainSeconds: number
  readonly rateLimitPerMinute: number
  /** Which policy engine decides. */
  readonly policyEngine: 'compiled' | 'official'
  /** The official engine decides one decision in so many again, beside; 0 for none. */
  readonly policyShadowEvery: number
  /** Networks that outbound fetches may reach although they are private. */
  readonly outboundPrivateNetworks: readonly string[]
  /** Where the STS of a region of AWS is reached, `{region}` standing for it; undefined for its public host. */
  readonly awsStsUrl: string | undefined
  /** Secrets of connectors that lie with whoever runs the server: by the name of a variable, and in files of a folder. */
  readonly connectorSecrets: { readonly variables: ReadonlyMap<string, string>; readonly folder: string | undefined }
  /** When the standing report of what is at high risk is made (a cron pattern, UTC), and who is told of it. */
  readonly reports: {
    readonly schedule: string | undefined
    readonly receiver: { readonly url: string; readonly secrets: readonly Buffer[] } | undefined
  }
}

const Environment = z.object({
  REEVE_DATA: z.string().max(1000).default('.reeve'),
  REEVE_DATABASE_URL: z
    .string()
    .max(2000)
    .refine(isPostgresUrl, 'must be a URL such as postgres://user:password@host:5432/database')
    .optional(),
  REEVE_DATABASE_POOL: z.coerce.number().int().min(2).max(200).default(10),
  REEVE_HOST: z.string().max(255).default('127.0.0.1'),
  REEVE_PORT: z.coerce.number().int().min(0).max(65535).default(4650),
  REEVE_ISSUER: z
    .url({ protocol: /^https?$/ })
    .max(500)
    // It is published, and stands in every token.
    .refine(holdsNoLogin, 'must hold no login')
    .optional(),
  REEVE_KEK: z.string().max(100).optional(),
  REEVE_KEK_FILE: z.string().max(1000).optional(),
  REEVE_KEK_URI: z.string().max(1000).optional(),
  REEVE_KEK_OLD: z.string().max(100).optional(),
  REEVE_KEK_OLD_FILE: z.string().max(1000).optional(),
  REEVE_KEK_OLD_URI: z.string().max(1000).optional(),
  REEVE_CHECKPOINT_FILE: z.string().max(1000).optional(),
  REEVE_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  REEVE_TRUSTED_PROXIES: z
    .string()
    .max(2000)
    .refine((text) => listOf(text).every(isNetwork), 'must be addresses or networks such as 10.0.0.0/8, with commas')
    .default(''),
  REEVE_TLS_CERT_FILE: z.string().max(1000).optional(),
  REEVE_TLS_KEY_FILE: z.string().max(1000).optional(),
  REEVE_TLS_CLIENT_CA_FILE: z.string().max(1000).optional(),
  REEVE_TLS_CLIENTS: z.enum(['asked', 'not-asked']).optional(),
  REEVE_MTLS_PORT: z.coerce.number().int().min(0).max(65535).optional(),
  REEVE_MTLS_URL: z
    .url({ protocol: /^https$/ })
    .max(500)
    // It is published.
    .refine(holdsNoLogin, 'must hold no login')
    .optional(),
  REEVE_CLIENT_CERT_PROXIES: z
    .string()
    .max(2000)
    .refine((text) => listOf(text).every(isNetwork), 'must be addresses or networks such as 10.0.0.0/8, with commas')
    .default(''),
  REEVE_GEO_DATABASE: z.string().max(1000).optional(),
  REEVE_GRACE_SECONDS: z.coerce.number().int().min(0).max(300).optional(),
  REEVE_DRAIN_SECONDS: z.coerce.number().int().min(0).max(600).default(10),
  REEVE_RATE_LIMIT: z.coerce.number().int().min(1).max(10_000_000).default(600),
  REEVE_POLICY_ENGINE: z.enum(['compiled', 'official']).default('compiled'),
  REEVE_POLICY_SHADOW_EVERY: z.coerce.number().int().min(0).max(1_000_000_000).default(1_000),
  REEVE_OUTBOUND_PRIVATE: z
    .string()
    .max(2000)
    .refine((text) => listOf(text).every(isNetwork), 'must be addresses or networks such as 10.0.0.0/8, with commas')
    .default(''),
  REEVE_CONNECTOR_FOLDER: z.string().max(1000).optional(),
  REEVE_AWS_STS: z
    .string()
    .max(500)
    .refine(
      (text) => URL.canParse(text.replaceAll('{region}', 'region')),
      'must be a URL, with {region} where it differs',
    )
    .optional(),
  REEVE_REPORT_SCHEDULE: z
    .string()
    .max(100)
    .refine(isSchedule, 'must be a cron pattern such as `0 6 * * 1` (Mondays at six, UTC), or `off`')
    .default('0 6 * * 1'),
  REEVE_REPORT_WEBHOOK: z
    .url({ protocol: /^https?$/ })
    .max(1000)
    .refine(holdsNoLogin, 'must hold no login')
    .optional(),
  REEVE_REPORT_WEBHOOK_SECRET: z.string().max(1000).optional(),
  REEVE_REPORT_WEBHOOK_SECRET_FILE: z.string().max(1000).optional(),
})

function isSchedule(text: string): boolean {
  if (text === 'off') return true
  try {
    return new Cron(text, { timezone: 'UTC', paused: true }).nextRun() !== null
  } catch {
    return false
  }
}

function holdsNoLogin(text: string): boolean {
  return URL.canParse(text) && new URL(text).username + new URL(text).password === ''
}

function isPostgresUrl(text: string): boolean {
  return URL.canParse(text) && /^postgres(?:ql)?:$/.test(new URL(text).protocol)
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const bitsMax = isIP(address) === 6 ? 128 : 32
  const fits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= bitsMax)
  return isIP(address) !== 0 && fits && rest.length === 0
}

/** A setting is wrong; the message names it and says what it must be, never its value. */
export class WrongSetting extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'WrongSetting'
  }
}

/** Reads and checks the settings. */
export const readConfig = (environment: Readonly<Record<string, string | undefined>>): Config => {
  const parsed = Environment.safeParse(dropEmpty(environment), { error: plainIssue })
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new WrongSetting(`setting ${issue?.path.join('.')}: ${issue?.message}`)
  }
  const set = parsed.data
  const dataFolder = resolve(set.REEVE_DATA)
  makeDataFolder(dataFolder)
  return {
    dataFolder,
    databaseUrl: set.REEVE_DATABASE_URL,
    databasePoolSize: set.REEVE_DATABASE_POOL,
    host: set.REEVE_HOST,
    port: set.REEVE_PORT,
    issuer: set.REEVE_ISSUER?.replace(/\/$/, ''),
    kek: readKek(set, dataFolder),
    kekUri: set.REEVE_KEK_URI,
    oldKeks: readOldKeks(set),
    newKekFile: set.REEVE_KEK_FILE === undefined && set.REEVE_KEK_URI === undefined ? kekFileOf(dataFolder) : undefined,
    checkpointFile: set.REEVE_CHECKPOINT_FILE ?? join(dataFolder, 'checkpoint'),
    logLevel: set.REEVE_LOG_LEVEL,
    trustedProxies: listOf(set.REEVE_TRUSTED_PROXIES),
    ...certificatesOf(set),
    geoDatabase: set.REEVE_GEO_DATABASE,
    // Without PostgreSQL there is no other replica that anybody could turn to meanwhile.
    graceSeconds: set.REEVE_GRACE_SECONDS ?? (set.REEVE_DATABASE_URL === undefined ? 0 : GRACE_SECONDS),
    drainSeconds: set.REEVE_DRAIN_SECONDS,
    rateLimitPerMinute: set.REEVE_RATE_LIMIT,
    policyEngine: set.REEVE_POLICY_ENGINE,
    policyShadowEvery: set.REEVE_POLICY_SHADOW_EVERY,
    outboundPrivateNetworks: listOf(set.REEVE_OUTBOUND_PRIVATE),
    awsStsUrl: set.REEVE_AWS_STS,
    connectorSecrets: { variables: connectorVariables(environment), folder: set.REEVE_CONNECTOR_FOLDER },
    reports: {
      schedule: set.REEVE_REPORT_SCHEDULE === 'off' ? undefined : set.REEVE_REPORT_SCHEDULE,
      receiver: receiverOf(set),
    },
  }
}

/** Names that look like settings of the server and are none: most likely mistyped, and then what was meant does not hold. */
export const unknownSettings = (environment: Readonly<Record<string, string | undefined>>): readonly string[] =>
  Object.keys(dropEmpty(environment)).filter((name) => !(name in Environment.shape) && !OF_OTHERS.test(name))

// Kept from the start on: what a program's environment holds later is not looked at again.
const connectorVariables = (environment: Readonly<Record<string, string | undefined>>): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(dropEmpty(environment)).flatMap(([name, value]): [string, string][] =>
      CONNECTOR_VARIABLE.test(name) && value !== undefined && !(name in Environment.shape) ? [[name, value]] : [],
    ),
  )

const CONNECTOR_VARIABLE = /^REEVE_CONNECTOR_[A-Z0-9_]{1,100}$/

/** The secret of a connector in a variable, or in a file of the folder for them; undefined where there is none. */
export const placedSecret = (
  { variables, folder }: Config['connectorSecrets'],
  { kind, name }: { readonly kind: 'variable' | 'file'; readonly name: string },
): string | undefined => {
  if (kind === 'variable') return variables.get(name)
  // A plain name, so that no other file of this machine is read.
  if (folder === undefined || !/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) return undefined
  const file = join(folder, name)
  const found = statSync(file, { throwIfNoEntry: false })
  if (found?.isFile() !== true || found.size > SECRET_FILE_BYTES_MAX) return undefined
  return readFileSync(file, 'utf8').trim() || undefined
}

const SECRET_FILE_BYTES_MAX = 20_000

// Of the command line, of the tests, and what Kubernetes says of a service that is called reeve.
const OF_OTHERS = /^REEVE_(?:SERVER|CONFIG|SESSION|TOKEN|CLIENT|CONNECTOR|PLAN|APPLY|TEST|SERVICE|PORT)(?:_|$)/

const GRACE_SECONDS = 5

type Certificates = Pick<Config, 'tls' | 'clientCas' | 'clientCertProxies' | 'mtlsPort' | 'mtlsUrl'>

const certificatesOf = (set: z.infer<typeof Environment>): Certificates => {
  const { REEVE_TLS_CERT_FILE: certificate, REEVE_TLS_KEY_FILE: key, REEVE_TLS_CLIENT_CA_FILE: clientCas } = set
  if ((certificate === undefined) !== (key === undefined))
    throw new WrongSetting('settings REEVE_TLS_CERT_FILE and REEVE_TLS_KEY_FILE: give both or neither')
  const clientCertProxies = listOf(set.REEVE_CLIENT_CERT_PROXIES)
  if (clientCas !== undefined && certificate === undefined && clientCertProxies.length === 0)
    throw new WrongSetting(
      'setting REEVE_TLS_CLIENT_CA_FILE: nobody can show a certificate without REEVE_TLS_CERT_FILE or REEVE_CLIENT_CERT_PROXIES',
    )
  const { REEVE_MTLS_PORT: mtlsPort, REEVE_TLS_CLIENTS: clients = mtlsPort === undefined ? 'asked' : 'not-asked' } = set
  const asksClients = clients === 'asked'
  if (clientCas !== undefined && certificate !== undefined && !asksClients && mtlsPort === undefined)
    throw new WrongSetting(
      'setting REEVE_TLS_CLIENT_CA_FILE: clients are not asked for certificates (REEVE_TLS_CLIENTS)',
    )
  const tls = certificate === undefined || key === undefined ? undefined : { certificate, key, asksClients }
  const mtlsUrl = set.REEVE_MTLS_URL?.replace(/\/$/, '')
  mustBeApart(set, { hasProxies: clientCertProxies.length > 0 })
  return { tls, clientCas, clientCertProxies, mtlsPort, mtlsUrl }
}

/** A second address for those who show certificates is one that shows them, and the first asks nobody then. */
const mustBeApart = (set: z.infer<typeof Environment>, { hasProxies }: { readonly hasProxies: boolean }): void => {
  const { REEVE_MTLS_PORT: port, REEVE_MTLS_URL: url, REEVE_TLS_CLIENTS: clients } = set
  if (port !== undefined && set.REEVE_TLS_CERT_FILE === undefined)
    throw new WrongSetting(
      'setting REEVE_MTLS_PORT: certificates are shown over TLS alone; give REEVE_TLS_CERT_FILE and REEVE_TLS_KEY_FILE, ' +
        'or where a proxy ends TLS, REEVE_CLIENT_CERT_PROXIES and REEVE_MTLS_URL in its place',
    )
  if (port !== undefined && port !== 0 && port === set.REEVE_PORT)
    throw new WrongSetting('setting REEVE_MTLS_PORT: must be another port than REEVE_PORT')
  if (port !== undefined && clients === 'asked')
    throw new WrongSetting(
      'setting REEVE_TLS_CLIENTS: with REEVE_MTLS_PORT clients are asked at that port alone; leave one of the two out',
    )
  if (url !== undefined && port === undefined && !hasProxies)
    throw new WrongSetting(
      'setting REEVE_MTLS_URL: nobody shows a certificate there without REEVE_MTLS_PORT or REEVE_CLIENT_CERT_PROXIES',
    )
}

// Standard Webhooks: a signature is what lets the receiver believe it, so nothing is sent without.
const receiverOf = (set: z.infer<typeof Environment>): Config['reports']['receiver'] => {
  const { REEVE_REPORT_WEBHOOK: url, REEVE_REPORT_WEBHOOK_SECRET: text, REEVE_REPORT_WEBHOOK_SECRET_FILE: file } = set
  if ((text ?? file) === undefined && url === undefined) return undefined
  if (url === undefined || (text === undefined) === (file === undefined))
    throw new WrongSetting(
      'setting REEVE_REPORT_WEBHOOK: give it with REEVE_REPORT_WEBHOOK_SECRET or REEVE_REPORT_WEBHOOK_SECRET_FILE, one of them',
    )
  const secrets = (text ?? readSecretFile(file ?? '')).split(/[\s,]+/).filter((part) => part !== '')
  if (secrets.length === 0 || secrets.length > 2 || !secrets.every((secret) => WEBHOOK_SECRET.test(secret)))
    throw new WrongSetting(
      'setting REEVE_REPORT_WEBHOOK_SECRET: must be `whsec_` with 24 to 64 bytes in base64, or two of them while it is changed',
    )
  return { url, secrets: secrets.map((secret) => Buffer.from(secret.slice('whsec_'.length), 'base64')) }
}

const WEBHOOK_SECRET = /^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/

const readSecretFile = (file: string): string => {
  if (!existsSync(file)) throw new WrongSetting(`setting REEVE_REPORT_WEBHOOK_SECRET_FILE: there is no file ${file}`)
  return readFileSync(file, 'utf8')
}

const makeDataFolder = (folder: string): void => {
  try {
    makeFolder(folder)
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new WrongSetting(`setting REEVE_DATA: this folder cannot be made (${why}): ${folder}`)
  }
}

const dropEmpty = (environment: Readonly<Record<string, string | undefined>>) =>
  Object.fromEntries(Object.entries(environment).filter(([name, value]) => name.startsWith('REEVE_') && value !== ''))

const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')

const KEY_BYTES = 32

const kekFileOf = (folder: string): string => join(folder, 'kek')

/** From the environment, else from a file. Whether there should be one is the database's to say: it knows if it is new. */
const readKek = (set: z.infer<typeof Environment>, folder: string): Buffer | undefined => {
  const given = [set.REEVE_KEK, set.REEVE_KEK_FILE, set.REEVE_KEK_URI].filter((each) => each !== undefined)
  if (given.length > 1)
    throw new WrongSetting(
      'one key-encryption key wraps: give REEVE_KEK, REEVE_KEK_FILE or REEVE_KEK_URI, and those of before as REEVE_KEK_OLD…',
    )
  if (set.REEVE_KEK_URI !== undefined) return undefined
  if (set.REEVE_KEK !== undefined) return decodeKek(set.REEVE_KEK, 'REEVE_KEK')
  return readKekFile(set.REEVE_KEK_FILE ?? kekFileOf(folder))
}

const readOldKeks = (set: z.infer<typeof Environment>): readonly (Buffer | string)[] => {
  const { REEVE_KEK_OLD: text, REEVE_KEK_OLD_FILE: file, REEVE_KEK_OLD_URI: uri } = set
  const ofFile = file === undefined ? undefined : readKekFile(file)
  if (file !== undefined && ofFile === undefined)
    throw new WrongSetting(`setting REEVE_KEK_OLD_FILE: there is no file ${file}`)
  return [text === undefined ? undefined : decodeKek(text, 'REEVE_KEK_OLD'), ofFile, uri].filter(
    (each) => each !== undefined,
  )
}

/** The key in this file; undefined when there is no such file. */
export const readKekFile = (file: string): Buffer | undefined =>
  existsSync(file) ? decodeKek(readFileSync(file, 'utf8').trim(), `the key file ${file}`) : undefined

const decodeKek = (text: string, where: string): Buffer => {
  const key = Buffer.from(text, 'base64')
  if (key.length !== KEY_BYTES) throw new WrongSetting(`${where} must hold 32 bytes in base64`)
  return key
}
