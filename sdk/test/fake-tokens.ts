import type { ServerResponse } from 'node:http'
import { importJWK, type JWK, type JWTPayload, jwtVerify } from 'jose'
import type { Clock } from '../src/clock.ts'
import { json, type SeenRequest } from './fake-issuer.ts'
import type { TokenForm } from './fake-keys.ts'

/** The OAuth endpoints of the fake issuer; clients are registered by a test. */
export const createFakeTokens = ({
  issue,
  issuer,
  clock,
  lifeSeconds,
}: {
  issue: (form: TokenForm) => Promise<string>
  issuer: () => string
  clock: Clock
  lifeSeconds: number
}) => {
  const secrets = new Map<string, string>()
  const keys = new Map<string, JWK>()
  const inactive = new Set<string>()
  const assertions: JWTPayload[] = []
  let form: TokenForm = {}

  const client = async ({ headers, body }: SeenRequest): Promise<string | undefined> => {
    const [, basic] = /^Basic (.+)$/.exec(headers.authorization ?? '') ?? []
    if (basic !== undefined) {
      const [id = '', secret = ''] = Buffer.from(basic, 'base64').toString().split(':').map(formDecoded)
      return secrets.get(id) === secret ? id : undefined
    }
    const fields = new URLSearchParams(body)
    const jwk = keys.get(fields.get('client_id') ?? '')
    if (jwk === undefined) return undefined
    const id = fields.get('client_id') ?? ''
    const { payload } = await jwtVerify(fields.get('client_assertion') ?? '', await importJWK(jwk), {
      issuer: id,
      subject: id,
      audience: issuer(),
      currentDate: new Date(clock.nowMs()),
      requiredClaims: ['jti', 'exp', 'iat'],
    })
    assertions.push(payload)
    return id
  }

  const authenticated = async (request: SeenRequest, response: ServerResponse): Promise<string | undefined> => {
    const id = await client(request).catch(() => undefined)
    if (id === undefined)
      json(response, 401, {
        error: 'invalid_client',
        error_description: 'the client is not known',
        code: 'client_unknown',
        trace_id: 'trc_1',
        decision_id: 'dec_1',
      })
    return id
  }

  return {
    /** The client assertions that were accepted. */
    assertions,
    addSecret: (id: string, secret: string): void => {
      secrets.set(id, secret)
    },
    addKey: (id: string, jwk: JWK): void => {
      keys.set(id, jwk)
    },
    /** What tokens say from now on. */
    giveForm: (next: TokenForm): void => {
      form = next
    },
    deactivate: (token: string): void => {
      inactive.add(token)
    },
    answerToken: async (request: SeenRequest, response: ServerResponse): Promise<void> => {
      const id = await authenticated(request, response)
      if (id === undefined) return
      const fields = new URLSearchParams(request.body)
      const claims = { sub: id, client_id: id, aud: fields.get('resource'), ...form.claims }
      json(response, 200, {
        access_token: await issue({ ...form, claims }),
        token_type: 'Bearer',
        expires_in: lifeSeconds,
      })
    },
    answerIntrospection: async (request: SeenRequest, response: ServerResponse): Promise<void> => {
      if ((await authenticated(request, response)) === undefined) return
      json(response, 200, { active: !inactive.has(new URLSearchParams(request.body).get('token') ?? '') })
    },
  }
}

const formDecoded = (value: string): string => decodeURIComponent(value.replaceAll('+', ' '))
