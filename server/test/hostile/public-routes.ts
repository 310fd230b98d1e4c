/** What a route that is no operation answers to somebody without any proof, and what its calls leave in the log. */
export interface PublicRoute {
  /** As SECURITY.md lists it. */
  readonly listed: string
  /** The kind of the event that each call leaves; null for documents that are the same for everybody. */
  readonly event: string | null
  /** What keeps one address from asking too often: a limiter; that of what probes and verifiers stand on is a flood's. */
  readonly limitedBy: 'anonymous calls' | 'calls' | 'failed proofs' | 'floods'
}

/** Every route that is no operation. A route that is neither here nor an operation fails the tests. */
export const PUBLIC_ROUTES: Readonly<Record<string, PublicRoute>> = {
  'GET /livez': { listed: '/livez', event: null, limitedBy: 'floods' },
  'GET /healthz': { listed: '/healthz', event: null, limitedBy: 'floods' },
  'GET /readyz': { listed: '/readyz', event: null, limitedBy: 'floods' },
  'GET /metrics': { listed: '/metrics', event: null, limitedBy: 'calls' },
  'GET /.well-known/oauth-authorization-server': wellKnown(),
  'GET /.well-known/oauth-authorization-server/*': wellKnown(),
  'GET /.well-known/openid-configuration': wellKnown(),
  'GET /.well-known/openid-configuration/*': wellKnown(),
  'GET /.well-known/oauth-protected-resource': wellKnown(),
  'GET /.well-known/oauth-protected-resource/*': wellKnown(),
  'GET /.well-known/jwks.json': wellKnown(),
  'GET /.well-known/authzen-configuration': wellKnown(),
  'GET /.well-known/authzen-configuration/*': wellKnown(),
  'GET /.well-known/ssf-configuration': wellKnown(),
  'GET /.well-known/ssf-configuration/*': wellKnown(),
  'POST /ssf/streams': ssf('broker.stream.create'),
  'GET /ssf/streams': ssf('broker.stream.list'),
  'PATCH /ssf/streams': ssf('broker.stream.change'),
  'PUT /ssf/streams': ssf('broker.stream.change'),
  'DELETE /ssf/streams': ssf('broker.stream.delete'),
  'GET /ssf/status': ssf('broker.stream.show'),
  'POST /ssf/status': ssf('broker.stream.change'),
  'POST /ssf/subjects/add': ssf('broker.stream.include'),
  'POST /ssf/subjects/remove': ssf('broker.stream.exclude'),
  'POST /ssf/verify': ssf('broker.stream.verify'),
  'POST /ssf/poll/:stream': ssf('broker.stream.poll'),
  'GET /revocations': { listed: '/revocations', event: null, limitedBy: 'floods' },
  'GET /status-lists/*': { listed: '/status-lists/*', event: null, limitedBy: 'floods' },
  'GET /openapi.json': { listed: '/openapi.json', event: null, limitedBy: 'calls' },
  'GET /docs/errors/:code': {
    listed: '/docs/errors/*',
    event: null,
    limitedBy: 'calls',
  },
  'GET /audit/export': {
    listed: '/audit/export',
    event: 'observe.event.export',
    limitedBy: 'anonymous calls',
  },
  'POST /access/v1/evaluation': authzen('policy.decision.evaluate'),
  'POST /access/v1/evaluations': authzen('policy.decision.evaluate'),
  'POST /access/v1/rulebook': authzen('policy.decision.evaluate'),
  'POST /access/v1/search/subject': authzen('policy.decision.search'),
  'POST /access/v1/search/resource': authzen('policy.decision.search'),
  'POST /access/v1/search/action': authzen('policy.decision.search'),
  'POST /oauth/token': oauth('broker.token.issue', '/oauth/token'),
  'POST /oauth/device_authorization': {
    listed: '/oauth/device_authorization',
    event: 'lifecycle.device.start',
    limitedBy: 'anonymous calls',
  },
  'GET /login': { listed: '/login', event: null, limitedBy: 'calls' },
  'POST /oauth/introspect': oauth('broker.token.introspect', '/oauth/introspect'),
  'POST /oauth/revoke': oauth('broker.token.revoke', '/oauth/revoke'),
}

function wellKnown(): PublicRoute {
  return { listed: '/.well-known/*', event: null, limitedBy: 'floods' }
}

function authzen(event: string): PublicRoute {
  return { listed: '/access/v1/*', event, limitedBy: 'anonymous calls' }
}

function ssf(event: string): PublicRoute {
  return { listed: '/ssf/*', event, limitedBy: 'anonymous calls' }
}

function oauth(event: string, listed: string): PublicRoute {
  return { listed, event, limitedBy: 'failed proofs' }
}
