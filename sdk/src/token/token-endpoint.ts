import { type Fetch, fetchText } from '../bounded-fetch.ts'
import type { Clock } from '../clock.ts'
import { isJsonObject, parseStrictObject } from '../strict-json.ts'
import { issuerPaths } from '../wire.ts'

/** Where tokens are asked for. */
export interface TokenEndpoint {
  url(signal: AbortSignal): Promise<string>
  /** Nothing good came from there: it is looked up again. */
  forget(): void
}

/** Where everybody asks. */
export const plainEndpoint = (issuer: string): TokenEndpoint => ({
  url: async () => issuer + issuerPaths.token,
  forget: () => {},
})

/**
 * Where a client that shows a certificate asks: at an address apart, where the issuer's metadata names one (RFC 8705 §5), else where
 * everybody does, also while the metadata cannot be read.
 */
export const certificateEndpoint = (given: {
  readonly issuer: string
  readonly fetch: Fetch
  readonly clock: Clock
}): TokenEndpoint => {
  let known: string | undefined
  return {
    url: async (signal) => {
      known ??= await readAlias(given, signal)
      return known ?? given.issuer + issuerPaths.token
    },
    forget: () => {
      known = undefined
    },
  }
}

const readAlias = async (
  { issuer, ...means }: { readonly issuer: string; readonly fetch: Fetch; readonly clock: Clock },
  signal: AbortSignal,
): Promise<string | undefined> => {
  const answer = await fetchText(means, metadataUrl(issuer), { bytesMax: METADATA_BYTES_MAX, signal }).catch(
    () => undefined,
  )
  const metadata = answer?.status === 200 ? parseStrictObject(answer.text) : undefined
  // RFC 8414 §3.3: what names another issuer is not this one's.
  if (metadata?.issuer !== issuer) return undefined
  const { mtls_endpoint_aliases: aliases } = metadata
  const alias = isJsonObject(aliases) ? aliases.token_endpoint : undefined
  if (alias === undefined) return issuer + issuerPaths.token
  return typeof alias === 'string' && URL.canParse(alias) && alias.startsWith('https://') ? alias : undefined
}

/** RFC 8414 §3.1: the well-known name stands before the path of the issuer. */
const metadataUrl = (issuer: string): string => {
  const { origin, pathname } = new URL(issuer)
  return `${origin}/.well-known/oauth-authorization-server${pathname === '/' ? '' : pathname}`
}

const METADATA_BYTES_MAX = 65_536
