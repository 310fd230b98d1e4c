import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { OAuthRequest } from '../../broker/index.ts'
import { addressBlock } from '../../kit/address-block.ts'
import { coreFault, Fault } from '../../kit/fault.ts'
import type { Limiter } from '../../kit/limiter.ts'
import type { Caller, Operation } from '../../kit/operation.ts'
import type { Pipeline } from '../../kit/pipeline.ts'
import { LOGIN_CLIENT } from '../../lifecycle/index.ts'
import { ANONYMOUS } from './authenticate.ts'

/** The grant by which a machine that waits asks for its session (RFC 8628 §3.4). */
export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

/** What the OAuth endpoints ask about people's logins. */
export interface Logins {
  /** The text of a device authorization response (RFC 8628 §3.2). */
  start(request: OAuthRequest): Promise<string | Fault>
  /** The text of a token response with a person's session. */
  finish(request: OAuthRequest): Promise<string | Fault>
  /** Records a request that could not be read, and hands the fault back. */
  refuse(request: OAuthRequest, fault: Fault): Promise<Fault>
}

/** What logins stand on. */
export interface LoginParts {
  readonly operations: readonly Operation[]
  readonly pipeline: Pipeline
  /** Calls without any proof, by address. */
  readonly anonymous: Limiter
  now(): Date
  /** What a machine is told while nobody has decided. */
  poll(deviceCode: string, now: Date): Promise<Fault | undefined>
}

/** The device grant of RFC 8628: two operations of people, as OAuth writes them. */
export const createLogins = (parts: LoginParts): Logins => {
  const { operations, pipeline, anonymous } = parts
  const start = named(operations, 'lifecycle.device.start')
  const finish = named(operations, 'lifecycle.device.finish')

  const limited = ({ source }: OAuthRequest): Fault | undefined => {
    const retryAfterSeconds = anonymous.take(addressBlock(source.ip ?? ''))
    return retryAfterSeconds === undefined ? undefined : coreFault('limited', { retryAfterSeconds })
  }

  const call = async (operation: Operation, input: unknown, caller: Caller): Promise<unknown> => {
    try {
      return await pipeline.call(operation, input, caller)
    } catch (error) {
      if (error instanceof Fault) return error
      throw error
    }
  }

  return {
    start: async (request) => {
      const over = limited(request)
      if (over !== undefined) return over
      const answer = await call(start, { ...whoOf(request), scope: scopeOf(request.form) }, callerOf(request))
      return answer instanceof Fault ? answer : startedText(Started.parse(answer))
    },
    finish: async (request) => {
      const over = limited(request)
      if (over !== undefined) return over
      const deviceCode = request.form.get('device_code')
      const who = whoOf(request)
      const now = parts.now()
      const mayWait = who.client === LOGIN_CLIENT && deviceCode !== undefined
      const waits = mayWait ? await parts.poll(deviceCode, now) : undefined
      if (waits !== undefined) return waits
      const answer = await call(finish, { ...who, code: deviceCode }, callerOf(request))
      return answer instanceof Fault ? answer : openedText(Opened.parse(answer), now)
    },
    refuse: async (request, fault) => {
      const over = limited(request)
      if (over !== undefined) return over
      const answer = await call(start, {}, { ...callerOf(request), refusal: fault })
      return answer instanceof Fault ? answer : fault
    },
  }
}

/** The page that a waiting machine names. There is nothing to click: who decides does so where they are logged in. */
export const mountLoginPage = (http: FastifyInstance, issuer: () => string): void => {
  http.get('/login', (_request, reply) =>
    reply
      .type('text/plain; charset=utf-8')
      .send(
        [
          'A machine waits for you to log it in, and showed you a code.',
          '',
          'If it was you who ran `reeve login --device` there, run this where you are logged in, with that code:',
          '',
          `    reeve device approve CODE --server ${issuer()}`,
          '',
          'It shows from where the request came, and asks before it lets that machine act as you, for 8 hours at most.',
          'If somebody sent you here with a code of theirs: `reeve device refuse CODE`, and tell an admin.',
          '',
        ].join('\n'),
      ),
  )
}

// What of the operations' answers is written here.
const Started = z.object({
  deviceCode: z.string(),
  userCode: z.string(),
  verificationUri: z.string(),
  expiresInSeconds: z.number(),
  intervalSeconds: z.number(),
})
const Opened = z.object({ person: z.string(), name: z.string(), token: z.string(), expiresAt: z.string() })

const startedText = (started: z.infer<typeof Started>): string =>
  JSON.stringify({
    device_code: started.deviceCode,
    user_code: started.userCode,
    verification_uri: started.verificationUri,
    expires_in: started.expiresInSeconds,
    interval: started.intervalSeconds,
  })

const openedText = ({ person, token, expiresAt }: z.infer<typeof Opened>, now: Date): string =>
  JSON.stringify({
    access_token: token,
    token_type: 'Bearer',
    expires_in: Math.floor((new Date(expiresAt).getTime() - now.getTime()) / 1000),
    person,
  })

// Whoever brings a proof of an identity is none that a person's session is for.
const whoOf = ({ form, authorization }: OAuthRequest) => {
  const isIdentity = authorization !== undefined || form.has('client_assertion') || form.has('client_secret')
  return { client: isIdentity ? '' : (form.get('client_id') ?? '') }
}

// A session is for all that its person may; whoever wants less or something else must not be given this.
const scopeOf = (form: ReadonlyMap<string, string>): string | undefined =>
  ['scope', 'resource', 'audience', 'authorization_details'].find((name) => form.has(name))

const callerOf = ({ source, requestId, traceparent }: OAuthRequest): Caller => ({
  ...ANONYMOUS,
  source,
  requestId,
  traceparent,
})

const named = (operations: readonly Operation[], name: string): Operation => {
  const found = operations.find((operation) => operation.name === name)
  if (found === undefined) throw new Error(`there is no operation ${name}`)
  return found
}
