import { dpopAlgorithms } from '../dpop/algorithms.ts'

/** What a resource says of itself to who does not know it (RFC 9728). */
export interface ResourceMetadataOptions {
  /** The URL of this resource, as its tokens name it; the first audience of the verifier unless told. */
  readonly resource?: string
  /** The scopes that may be asked for. */
  readonly scopes?: readonly string[]
  /** What people call it. */
  readonly name?: string
  /** A page for whoever writes a client. */
  readonly documentation?: string
}

/** The document as it is served. */
export interface ResourceMetadata {
  /** Where clients look for it: what refused requests are told. */
  readonly url: string
  /** Where to serve it on this host. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The document of a resource whose tokens one issuer gives. */
export const resourceMetadata = (
  issuer: string,
  resource: string,
  { scopes, name, documentation }: ResourceMetadataOptions = {},
): ResourceMetadata => {
  const url = metadataUrl(resource)
  const document = {
    resource,
    authorization_servers: [issuer],
    scopes_supported: scopes,
    // Tokens in a query or a body are not looked for.
    bearer_methods_supported: ['header'],
    dpop_signing_alg_values_supported: dpopAlgorithms,
    resource_name: name,
    resource_documentation: documentation,
  }
  return {
    url: url.href,
    path: url.pathname,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'public, max-age=300',
      'access-control-allow-origin': '*',
    },
    body: JSON.stringify(document),
  }
}

// RFC 9728 §3.1: before the path of the resource, whose slash goes when there is nothing after it.
const metadataUrl = (resource: string): URL => {
  const url = URL.parse(resource)
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
    throw new TypeError('a resource with metadata is named by its https URL, without a query')
  return new URL(`/.well-known/oauth-protected-resource${url.pathname === '/' ? '' : url.pathname}`, url)
}
