import type { RequestLike } from '../verifier/bearer.ts'

/** A request with the connection that it came over, where whoever serves it on Node has kept that: it may show a certificate. */
export const presentedBy = ({
  req: { raw },
  env,
}: {
  readonly req: { readonly raw: Request }
  readonly env?: unknown
}): RequestLike => {
  const { headers, method, url } = raw
  const incoming = memberOf(env, 'incoming')
  const socket = memberOf(incoming, 'socket')
  return socket === undefined ? raw : { headers, method, url, socket }
}

const memberOf = (of: unknown, name: string): object | undefined => {
  const member: unknown = typeof of === 'object' && of !== null ? Reflect.get(of, name) : undefined
  return typeof member === 'object' && member !== null ? member : undefined
}
