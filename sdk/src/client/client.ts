import type { Fetch } from '../bounded-fetch.ts'
import { type Clock, systemClock } from '../clock.ts'
import { type Random, systemRandom } from '../random.ts'
import { headersInTime, type TokenGiver } from '../report/issuer-call.ts'
import type { Namespaces, OperationTypes } from './operation-types.gen.ts'
import { OPERATIONS } from './operations.gen.ts'
import { ReeveError } from './reeve-error.ts'
import { type Sender, send } from './send.ts'

/** How to reach a server. `token` is a person's session or an access token; a function is asked before every try. */
export interface ClientOptions {
  readonly baseUrl: string
  readonly token?: string | (() => string | undefined | Promise<string | undefined>)
  /** In place of `token`: a token source, which also presents tokens that are bound to a key. */
  readonly as?: TokenGiver
  readonly fetch?: Fetch
  /** Tries in all for what may be repeated safely; default 3. */
  readonly triesMax?: number
  /** For each try; default 30,000. */
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
  /** Calls an operation whose name is known only at run time; one that this client does not know is a write. */
  callByName(name: string, input: unknown, options?: CallOptions): Promise<unknown>
  /** All items of a list, page after page. */
  items<Name extends OperationName>(
    name: Name,
    input: OperationTypes[Name]['input'],
    options?: CallOptions,
  ): AsyncIterable<OperationTypes[Name]['output'] extends { items: readonly (infer Item)[] } ? Item : never>
}

/**
 * A client of the HTTP API. It holds no state but these options.
 * @example
 * const reeve = createClient({ baseUrl: 'http://127.0.0.1:4650', token: session })
 * await reeve.inventory.identity.show({ identity: 'orders-sync' })
 */
export const createClient = (options: ClientOptions): Client => {
  const sender = senderOf(options)
  const callByName: ByName = async (name, input, { signal, idempotencyKey = sender.random.id() } = {}) => {
    if (!NAME.test(name)) throw new TypeError('the name of an operation reads room.noun.verb')
    return send(sender, { name, isRead: OPERATIONS[name] === 'read', input, idempotencyKey, signal })
  }
  const items = (name: string, input: unknown, call?: CallOptions) => pages(callByName, name, input, call)
  // The namespaces are typed by what is generated from the server's operations, and answered by one proxy.
  return namespace('', { call: callByName, callByName, items }, callByName) as unknown as Client
}

type ByName = (name: string, input: unknown, call?: CallOptions) => Promise<unknown>

// Somebody awaits the call: unlike the SDK's other timers, these keep the process alive until it has ended.
const waitingClock: Clock = {
  ...systemClock,
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
}

const NAME = /^[a-z]+\.[a-z-]+\.[a-z-]+$/
const TIMEOUT_MS = 30_000
const TRIES = 3

const senderOf = (options: ClientOptions): Sender => {
  if (!URL.canParse(options.baseUrl)) throw new TypeError('baseUrl must be an absolute URL')
  const { token, as } = options
  if (as !== undefined && token !== undefined) throw new TypeError('give token or as, not both')
  const clock = options.clock ?? waitingClock
  return {
    baseUrl: options.baseUrl.replace(/(?<!\/)\/+$/, ''),
    authorize: async (method, url) => {
      if (as !== undefined) return headersInTime(as, clock, { method, url })
      const bearer = typeof token === 'function' ? await token() : token
      return bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }
    },
    // Asked for at every call, so that a page or a test that replaces the host's fetch is heard.
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    triesMax: options.triesMax ?? TRIES,
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    userAgent: options.userAgent,
    clock,
    random: options.random ?? systemRandom,
  }
}

async function* pages(callByName: ByName, name: string, input: unknown, call?: CallOptions): AsyncGenerator<unknown> {
  let cursor: unknown
  for (;;) {
    const page = asRecord(
      await callByName(name, { ...asRecord(input), ...(cursor === undefined ? {} : { cursor }) }, call),
    )
    if (!Array.isArray(page.items)) throw new ReeveError(200, { detail: `${name} does not answer in pages` })
    yield* page.items
    if (typeof page.nextCursor !== 'string') return
    // INVARIANT: a cursor that does not move would be asked for ever.
    if (page.nextCursor === cursor) throw new ReeveError(200, { detail: `the pages of ${name} do not end` })
    cursor = page.nextCursor
  }
}

const namespace = (path: string, own: Record<string, unknown>, callByName: ByName): unknown =>
  new Proxy(
    Object.assign(() => undefined, own),
    {
      get: (target, key) => {
        // No operation is called `then`: a namespace that is awaited must not become a call.
        if (typeof key !== 'string' || key === 'then') return undefined
        if (Object.hasOwn(own, key)) return Reflect.get(target, key)
        return namespace(path === '' ? key : `${path}.${key}`, {}, callByName)
      },
      apply: (_target, _self, [input, call]) => callByName(path, input ?? {}, call),
    },
  )

const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {}
