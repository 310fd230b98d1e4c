import { z } from 'zod'
import { everyOperation } from '../../src/catalogue.ts'
import { routeOf } from '../../src/edge/http/routes.ts'
import type { Operation } from '../../src/kit/operation.ts'
import type { RunningServer } from '../process.ts'

/** One way in: a route of the running server, and the operation behind it where there is one. */
export interface Route {
  readonly method: string
  readonly url: string
  readonly operation: Operation | undefined
}

const Listed = z.object({ msg: z.literal('routes'), routes: z.array(z.string()) })

/** Every route of a server that was started with REEVE_LOG_LEVEL debug or trace, as Fastify has them. */
export const routesOf = (server: RunningServer): readonly Route[] => {
  const line = server
    .output()
    .split('\n')
    .find((text) => text.includes('"msg":"routes"'))
  const { routes } = Listed.parse(JSON.parse(line ?? '{}'))
  const byRoute = new Map(everyOperation().map((operation) => [routeText(operation), operation]))
  // HEAD is GET without the body; Fastify lists it beside.
  const asked = routes.filter((text) => !(text.startsWith('HEAD ') && routes.includes(text.replace('HEAD', 'GET'))))
  return asked.map((text) => {
    const [method = '', url = ''] = text.split(' ')
    return { method, url, operation: byRoute.get(text) }
  })
}

const routeText = (operation: Operation): string => {
  const { method, url } = routeOf(operation)
  return `${method} ${url}`
}

/** The environment that makes a server list its routes. */
export const TELL_ROUTES = { REEVE_LOG_LEVEL: 'debug' }

/** A URL that can be called: parameters of the path are filled in. */
export const callable = (url: string): string => url.replace('/*', '/none').replace(/:\w+/g, 'none')

/** What a call came to. */
export interface Answer {
  readonly status: number
  readonly body: string
  readonly requestId: string
}

/** What a call may carry besides its input. */
export interface CallWith {
  readonly token?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
}

/** Calls an operation over HTTP with any input, right or wrong. */
export const callOperation = (
  server: { readonly url: string },
  operation: Operation,
  input: unknown,
  given: CallWith = {},
): Promise<Answer> => {
  const { method, url } = routeOf(operation)
  const isRead = method === 'GET'
  return call(`${server.url}${url}${isRead ? queryOf(input) : ''}`, {
    method,
    headers: headersOf(given, isRead ? {} : { 'content-type': 'application/json' }),
    ...(isRead ? {} : { body: JSON.stringify(input) }),
  })
}

/** One request and the whole of its answer. */
export const call = async (url: string, init: RequestInit = {}): Promise<Answer> => {
  const response = await fetch(url, { redirect: 'manual', ...init })
  return {
    status: response.status,
    body: await response.text(),
    requestId: response.headers.get('x-request-id') ?? '',
  }
}

/** Headers of a call, with its bearer token. */
export const headersOf = ({ token, headers }: CallWith, more: Readonly<Record<string, string>>) => ({
  ...more,
  ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  ...headers,
})

const queryOf = (input: unknown): string => {
  const query = new URLSearchParams()
  const put = (name: string, value: unknown): void => {
    if (Array.isArray(value)) for (const part of value) query.append(name, String(part))
    else if (typeof value === 'object' && value !== null)
      for (const [part, inner] of Object.entries(value)) query.append(`${name}.${part}`, String(inner))
    else query.append(name, String(value))
  }
  for (const [name, value] of Object.entries(Object(input))) put(name, value)
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}

/** Does `work` for each, so many at once. */
export const eachOf = async <T>(all: readonly T[], atOnce: number, work: (item: T, at: number) => Promise<void>) => {
  let next = 0
  const runner = async (): Promise<void> => {
    for (let at = next++; at < all.length; at = next++) {
      const item = all[at]
      if (item !== undefined) await work(item, at)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, runner))
}
