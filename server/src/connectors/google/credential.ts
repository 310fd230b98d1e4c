import { createOutbound, OutboundError, type Reaching } from '../../kit/fetch.ts'
import { memberOf, restOf } from '../rest.ts'
import { VendorError, type Writing } from '../vendor.ts'
import { apiOf } from './api.ts'
import { proofClaims, proofOf } from './key.ts'

/** As whom Google is asked. */
export interface GoogleSettings {
  /** Another address of all its services, each below its name. */
  readonly endpoint?: string | undefined
  /** A provider of a pool, which takes the secret as a token of its issuer. */
  readonly provider?: string | undefined
  /** The service account that is become, by whatever was proven first. */
  readonly serviceAccount?: string | undefined
}

/** For what a token of Google is good. */
export interface TokenOf {
  readonly scopes: readonly string[]
  /** The person in whose name a service account with domain-wide delegation asks. */
  readonly subject?: string | undefined
}

interface Token {
  readonly text: string
  readonly untilMs: number
}

interface Proving {
  readonly settings: GoogleSettings
  readonly asking: Writing
  readonly machine: Reaching
}

const RENEW_MS = 4 * 60_000
// Where every machine, pod and job at Google is told who it is: the one address that is not public and asked all the same.
const METADATA = '169.254.169.254'

/**
 * The headers of each request: with a token that the key of a service account buys (RFC 7523), or a token of another
 * issuer (RFC 8693), or else that of the machine this server runs on. It is bought once, and failing to is not tried again.
 */
export const googleCredential = (
  settings: GoogleSettings,
  asking: Writing,
  of: TokenOf,
  machine: Reaching = createOutbound({ privateNetworks: [`${METADATA}/32`] }),
): (() => Promise<Readonly<Record<string, string>>>) => {
  let bought: Promise<Token> | undefined
  let untilMs = Number.POSITIVE_INFINITY
  return async () => {
    if (bought === undefined || untilMs - RENEW_MS < asking.now().getTime()) {
      untilMs = Number.POSITIVE_INFINITY
      bought = tokenFor(of, { settings, asking, machine })
      untilMs = (await bought).untilMs
    }
    return { authorization: `Bearer ${(await bought).text}` }
  }
}

const tokenFor = async ({ scopes, subject }: TokenOf, proving: Proving): Promise<Token> => {
  const { asking, settings } = proving
  const { provider, serviceAccount } = settings
  const scope = scopes.join(' ')
  if (subject === undefined)
    return serviceAccount === undefined ? own(scopes, proving) : become(serviceAccount, scopes, proving)
  const claims = { scope, sub: subject }
  if (serviceAccount !== undefined) return forProof(await signedThere(serviceAccount, claims, proving), proving)
  if (asking.secret === '' || provider !== undefined)
    throw new VendorError('without a key, to ask in the name of an administrator takes the setting serviceAccount')
  return forProof(await proofOf(asking.secret, claims, asking.now()), proving)
}

/** Of whoever has the secret; without one, of this machine. */
const own = async (scopes: readonly string[], proving: Proving): Promise<Token> => {
  const { asking, settings } = proving
  if (settings.provider !== undefined) return forForeign(settings.provider, scopes, proving)
  if (asking.secret === '') return ofMachine(scopes, proving)
  return forProof(await proofOf(asking.secret, { scope: scopes.join(' ') }, asking.now()), proving)
}

const FORM = 'application/x-www-form-urlencoded'

const forProof = async (assertion: string, { settings, asking }: Proving): Promise<Token> => {
  const form = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion })
  const rest = apiOf('oauth2', { ...settings, asking, headers: () => ({}) })
  return tokenIn((await rest.send('POST', '/token', form.toString(), FORM)).value, asking)
}

const forForeign = async (
  audience: string,
  scopes: readonly string[],
  { settings, asking }: Proving,
): Promise<Token> => {
  if (asking.secret === '') throw new VendorError('a provider takes a token of its issuer as the secret')
  const form = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    audience,
    scope: scopes.join(' '),
    requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    subject_token: asking.secret.trim(),
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  })
  const rest = apiOf('sts', { ...settings, asking, headers: () => ({}) })
  return tokenIn((await rest.send('POST', '/v1/token', form.toString(), FORM)).value, asking)
}

const MACHINE_SECONDS = 5

const ofMachine = async (scopes: readonly string[], { settings, asking, machine }: Proving): Promise<Token> => {
  // INVARIANT: whoever adds a connector is not given the token of the machine, which may do more than he may.
  if (settings.endpoint !== undefined)
    throw new VendorError(
      'without a secret only Google itself is asked: leave the setting endpoint out, or give it a secret',
    )
  const rest = restOf({
    asking: { ...asking, reach: machine },
    base: `http://${METADATA}`,
    secondsMax: MACHINE_SECONDS,
    headers: () => ({ 'metadata-flavor': 'Google' }),
  })
  try {
    const { value, headers } = await rest.get(
      `/computeMetadata/v1/instance/service-accounts/default/token?scopes=${scopes.join(',')}`,
    )
    // Other clouds have something else at this address.
    if (headers['metadata-flavor'] !== 'Google') throw new VendorError('this is no machine of Google')
    return tokenIn(value, asking)
  } catch (cause) {
    if (!(cause instanceof VendorError || cause instanceof OutboundError)) throw cause
    throw new VendorError(
      'it has no secret, and this server runs on no machine of Google with a service account: give it a key, or the setting provider',
      undefined,
      cause,
    )
  }
}

const tokenIn = (value: unknown, asking: Pick<Writing, 'now'>): Token => {
  const [text, seconds] = [memberOf(value, 'access_token'), memberOf(value, 'expires_in')]
  if (typeof text !== 'string' || text === '') throw new VendorError('it gave no token')
  return { text, untilMs: asking.now().getTime() + (typeof seconds === 'number' ? seconds : 0) * 1000 }
}

const become = async (account: string, scopes: readonly string[], proving: Proving): Promise<Token> => {
  const value = await askIam(account, 'generateAccessToken', { scope: scopes }, proving)
  const [text, until] = [memberOf(value, 'accessToken'), memberOf(value, 'expireTime')]
  if (typeof text !== 'string' || text === '') throw new VendorError('it gave no token')
  return { text, untilMs: typeof until === 'string' ? Date.parse(until) || 0 : 0 }
}

const signedThere = async (account: string, claims: object, proving: Proving): Promise<string> => {
  const payload = JSON.stringify(proofClaims(account, { ...claims }, proving.asking.now()))
  const proof = memberOf(await askIam(account, 'signJwt', { payload }, proving), 'signedJwt')
  if (typeof proof !== 'string') throw new VendorError('it signed no proof')
  return proof
}

const CLOUD = 'https://www.googleapis.com/auth/cloud-platform'

/** Has IAM do something as a service account, which stands with a dash in place of its project. */
const askIam = async (account: string, method: string, body: object, proving: Proving): Promise<unknown> => {
  const { settings, asking } = proving
  const { text } = await own([CLOUD], proving)
  const headers = () => ({ authorization: `Bearer ${text}` })
  const rest = apiOf('iamcredentials', { ...settings, asking, headers })
  const path = `/v1/projects/-/serviceAccounts/${account}:${method}`
  try {
    return (await rest.send('POST', path, JSON.stringify(body), 'application/json')).value
  } catch (error) {
    if (!(error instanceof VendorError) || (error.status !== 403 && error.status !== 404)) throw error
    throw new VendorError(
      'it may not become its service account: on that it takes roles/iam.serviceAccountTokenCreator',
      undefined,
      error,
    )
  }
}
