import { type Clock, pause, systemClock } from '../clock.ts'
import { jittered, type Random, systemRandom } from '../random.ts'
import { type Namespaces, OPERATIONS, type OperationTypes } from './operations.gen.ts'
import { ReeveError } from './reeve-error.ts'

/** How to reach a server. `token` is a person's session or an access token; a function is asked before every call. */
export interface ClientOptions {
  readonly baseUrl: string
  readonly token?: string | (() => string | undefined | Promise<string | undefined>)
  readonly fetch?: typeof fetch
  /** Tries in all for what may be repeated safely; default 3. */
  readonly triesMax?: number
  readonly timeoutMs?: number
  readonly userAgent?: string
  readonly clock?: Clock
  readonly random?: Random
}

/** What one call may carry besides its input. */
export interface CallOptions {
  readonly signal?: AbortSignal
  /** Repeats with the same key have one effect; one is made for each call unless given. */
  readonly idempotencyKey?: string
}

/** The name of an operation, `room.noun.verb`. */
export type OperationName = keyof OperationTypes

/** Every operation of the server, by its name: `client.inventory.identity.show({ identity: 'orders-sync' })`. */
export interface Client extends Namespaces {
  /** Calls an operation by its name. */
  call<Name extends OperationName>(
    name: Name,
    input: OperationTypes[Name]['input'],
    options?: CallOptions,
  ): Promise<OperationTypes[Name]['output']>
  /** Calls an operation whose name is known only at run time. */
  callByName(name: string, input: unknown, options?: CallOptions): Promise<unknown>
  /** All items of a list, page after page. */
  items<Name extends OperationName>(
    name: Name,
    input: OperationTypes[Name]['input'],
    options?: CallOptions,
  ): AsyncIterable<OperationTypes[Name]['output'] extends { items: readonly (infer Item)[] } ? Item : never>
}

/**
 * A client of the HTTP API.
 * @example
 * const reeve = createClient({ baseUrl: 'http://127.0.0.1:4650', token: session })
 * await reeve.inventory.identity.show({ identity: 'orders-sync' })
 */
export const createClient = (options: ClientOptions): Client => {
  const callByName = (name: string, input: unknown, call: CallOptions = {}): Promise<unknown> =>
    send(options, name, input, call)
  const items = async function* (name: string, input: unknown, call?: CallOptions): AsyncGenerator<unknown> {
    let cursor: string | null = null
    do {
      const page = await callByName(name, { ...asRecord(input), ...(cursor === null ? {} : { cursor }) }, call)
      const { items: found, nextCursor } = asRecord(page)
      if (Array.isArray(found)) yield* found
      cursor = typeof nextCursor === 'string' ? nextCursor : null
    } while (cursor !== null)
  }
  // The namespaces are typed by what is generated from the server's operations, and answered by one proxy.
  return namespace('', { call: callByName, callByName, items }, callByName) as unknown as Client
}

type ByName = (name: string, input: unknown, call?: CallOptions) => Promise<unknown>

const namespace = (path: string, own: Record<string, unknown>, callByName: ByName): unknown =>
  new Proxy(
    Object.assign(() => undefined, own),
    {
      get: (target, key) => {
        if (typeof key !== 'string') return undefined
        if (Object.hasOwn(own, key)) return Reflect.get(target, key)
        // A promise is asked for `then`; a namespace is none.
        if (path === '' && key === 'then') return undefined
        return namespace(path === '' ? key : `${path}.${key}`, {}, callByName)
      },
      apply: (_target, _self, [input, call]) => callByName(path, input ?? {}, call),
    },
  )

const TIMEOUT_MS = 30_000
const RETRIED = new Set([429, 502, 503, 504])

const send = async (options: ClientOptions, name: string, input: unknown, call: CallOptions): Promise<unknown> => {
  const random = options.random ?? systemRandom
  const known = OPERATIONS.find((operation) => operation.name === name)
  const isRead = known?.effect === 'read'
  const key = call.idempotencyKey ?? random.id()
  const triesMax = options.triesMax ?? 3
  const signal = call.signal ?? new AbortController().signal
  for (let tried = 1; ; tried++) {
    const answer = await once(options, name, isRead, input, key, call.signal)
    if ('output' in answer) return answer.output
    const mayRetry = tried < triesMax && answer.isRetryable && !signal.aborted
    if (!mayRetry) throw answer.error
    await pause(options.clock ?? systemClock, jittered(waitMs(tried, answer.error), random), signal)
  }
}

const waitMs = (tried: number, error: unknown): number => {
  const asked = error instanceof ReeveError ? (error.retryAfterSeconds ?? 0) * 1000 : 0
  return Math.min(10_000, Math.max(asked, 200 * 2 ** tried))
}

type Answer = { readonly output: unknown } | { readonly error: unknown; readonly isRetryable: boolean }

const once = async (
  options: ClientOptions,
  name: string,
  isRead: boolean,
  input: unknown,
  key: string,
  signal: AbortSignal | undefined,
): Promise<Answer> => {
  const token = typeof options.token === 'function' ? await options.token() : options.token
  const base = `${options.baseUrl.replace(/\/$/, '')}/v1/${name}`
  const limit = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS)
  try {
    const response = await (options.fetch ?? fetch)(isRead ? `${base}${queryOf(input)}` : base, {
      method: isRead ? 'GET' : 'POST',
      redirect: 'error',
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      headers: {
        accept: 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(options.userAgent === undefined ? {} : { 'user-agent': options.userAgent }),
        ...(isRead ? {} : { 'content-type': 'application/json', 'idempotency-key': key }),
      },
      ...(isRead ? {} : { body: JSON.stringify(input ?? {}) }),
    })
    const body: unknown = await response.json().catch(() => undefined)
    if (response.ok) return { output: body }
    return { error: new ReeveError(response.status, asRecord(body)), isRetryable: RETRIED.has(response.status) }
  } catch (error) {
    return { error, isRetryable: error instanceof TypeError }
  }
}

const queryOf = (input: unknown): string => {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(asRecord(input))) {
    if (value === undefined || value === null) continue
    if (Array.isArray(value)) for (const part of value) query.append(name, String(part))
    else if (typeof value === 'object')
      for (const [part, inner] of Object.entries(value)) query.append(`${name}.${part}`, String(inner))
    else query.append(name, String(value))
  }
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}

const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {}
