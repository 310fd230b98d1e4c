/** What a route that is no operation answers to somebody without any proof, and what its calls leave in the log. */
export interface PublicRoute {
  /** As SECURITY.md lists it. */
  readonly listed: string
  /** The kind of the event that each call leaves; null for documents that are the same for everybody. */
  readonly event: string | null
  /** What keeps one address from asking too often: a limiter, or that an answer costs no more than the request. */
  readonly limitedBy: 'anonymous calls' | 'failed proofs' | 'fixed text from memory'
  /** What is answered without any proof. */
  readonly status: number
}

/** Every route that is no operation. A route that is neither here nor an operation fails the tests. */
export const PUBLIC_ROUTES: Readonly<Record<string, PublicRoute>> = {
  'GET /livez': { listed: '/livez', event: null, limitedBy: 'fixed text from memory', status: 200 },
  'GET /healthz': { listed: '/healthz', event: null, limitedBy: 'fixed text from memory', status: 200 },
  'GET /readyz': { listed: '/readyz', event: null, limitedBy: 'fixed text from memory', status: 200 },
  'GET /metrics': { listed: '/metrics', event: null, limitedBy: 'fixed text from memory', status: 200 },
  'GET /.well-known/oauth-authorization-server': wellKnown(200),
  'GET /.well-known/oauth-authorization-server/*': wellKnown(404),
  'GET /.well-known/openid-configuration': wellKnown(200),
  'GET /.well-known/openid-configuration/*': wellKnown(404),
  'GET /.well-known/jwks.json': wellKnown(200),
  'GET /revocations': { listed: '/revocations', event: null, limitedBy: 'fixed text from memory', status: 200 },
  'GET /openapi.json': { listed: '/openapi.json', event: null, limitedBy: 'fixed text from memory', status: 200 },
  'GET /docs/errors/:code': {
    listed: '/docs/errors/*',
    event: null,
    limitedBy: 'fixed text from memory',
    status: 404,
  },
  'GET /audit/export': {
    listed: '/audit/export',
    event: 'observe.event.export',
    limitedBy: 'anonymous calls',
    status: 401,
  },
  'POST /oauth/token': oauth('broker.token.issue', '/oauth/token'),
  'POST /oauth/introspect': oauth('broker.token.introspect', '/oauth/introspect'),
  'POST /oauth/revoke': oauth('broker.token.revoke', '/oauth/revoke'),
}

function wellKnown(status: number): PublicRoute {
  return { listed: '/.well-known/*', event: null, limitedBy: 'fixed text from memory', status }
}

function oauth(event: string, listed: string): PublicRoute {
  return { listed, event, limitedBy: 'failed proofs', status: 400 }
}
