import type { Answered } from '../../kit/fetch.ts'
import { memberOf, restOf } from '../rest.ts'
import { VendorError, type Writing } from '../vendor.ts'
import { type ProofName, proofs } from './proof.ts'

/** Who signs in, where, and how it proves that. */
export interface LoginGiven {
  readonly tenant: string
  readonly client: string
  readonly proof: ProofName
  readonly login: string
  /** Where the cloud itself has its login, which is whom an assertion is for, wherever it is asked. */
  readonly ownLogin: string
}

/** The headers of each request to an API. */
export type Headers = () => Promise<Readonly<Record<string, string>>>

const RENEW_MS = 5 * 60_000

/** Buys a token for each API when it is first asked, and another before that ends (RFC 6749 §4.4). */
export const azureLogin = (given: LoginGiven, asking: Writing): ((api: string) => Headers) => {
  // INVARIANT: who is refused once is not tried again in the same run, API after API and thing after thing.
  let refused: VendorError | undefined
  return (api) => {
    let token: Token | undefined
    return async () => {
      if (refused !== undefined) throw refused
      if (token === undefined || token.untilMs - RENEW_MS < asking.now().getTime())
        token = await tokenFor(api, given, asking).catch((error: unknown) => {
          if (error instanceof VendorError) refused = error
          throw error
        })
      return { authorization: `Bearer ${token.text}` }
    }
  }
}

interface Token {
  readonly text: string
  readonly untilMs: number
}

const tokenFor = async (
  api: string,
  { tenant, client, proof, login, ownLogin }: LoginGiven,
  asking: Writing,
): Promise<Token> => {
  const nowMs = asking.now().getTime()
  const path = `/${tenant}/oauth2/v2.0/token`
  const scope = `${api}/.default`
  const proven = await proofs[proof]({ client, audience: `${ownLogin}${path}`, scope, secret: asking.secret, nowMs })
  const form = { client_id: client, grant_type: 'client_credentials', scope, ...proven }
  let code: string | undefined
  const send: Writing['reach']['send'] = async (url, message) => {
    const answer = await asking.reach.send(url, message)
    code = codeOf(answer)
    return answer
  }
  const reach = { ...asking.reach, send }
  const rest = restOf({ asking: { ...asking, reach }, base: login, headers: () => ({}) })
  const body = new URLSearchParams(form).toString()
  const { value } = await rest.send('POST', path, body, 'application/x-www-form-urlencoded').catch((error: unknown) => {
    if (code === undefined) throw error
    throw new VendorError(`its login is refused (${code})${MEANING[code] ?? ''}`, undefined, error)
  })
  const [text, seconds] = [memberOf(value, 'access_token'), Number(memberOf(value, 'expires_in'))]
  if (typeof text !== 'string' || !/^[\x21-\x7e]{1,20000}$/.test(text) || !(seconds > 0))
    throw new VendorError('it gave the application no token')
  return { text, untilMs: nowMs + seconds * 1000 }
}

const HEAD_BYTES = 4_000

// Of a refusal nothing is told on but its number: its sentences name tenants, clients and addresses.
const codeOf = ({ status, bytes }: Answered): string | undefined => {
  if (status !== 400 && status !== 401) return undefined
  const head = bytes.toString('latin1', 0, HEAD_BYTES)
  const [, number] = /"error_codes"\s{0,9}:\s{0,9}\[\s{0,9}(\d{1,10})/.exec(head) ?? []
  return number === undefined ? `status ${status}` : `AADSTS${number}`
}

const MEANING: Readonly<Record<string, string>> = {
  AADSTS90002: ': there is no such tenant in this cloud; check tenant and cloud',
  AADSTS700016: ': the tenant has no such application; check client and tenant',
  AADSTS7000215: ': the client secret is wrong; give the value of the secret, not its id',
  AADSTS7000222: ': the client secret has ended; give a new one',
  AADSTS7000112: ': the application is disabled',
  AADSTS700027: ': the certificate is not one of the application; upload it there, or give the key of one that is',
  AADSTS70021: ': no federated credential of the application is for this token; compare issuer, subject and audience',
  AADSTS700211: ': no federated credential of the application is for the issuer of this token',
  AADSTS700212: ': no federated credential of the application is for the audience of this token',
  AADSTS700213: ': no federated credential of the application is for the subject of this token',
  AADSTS700024: ': the token that proves it has ended, or is not yet good; renew the file and check the clock',
}
