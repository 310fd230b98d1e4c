/**
 * Whether a claim already means something to who reads tokens: those of access tokens and of introspection, and those by
 * which other software gives rights or knows people. A tag is never said under such a name.
 */
export const isReservedClaim = (name: string): boolean => RESERVED.has(name) || name.startsWith(AWS)

// https://aws.amazon.com/tags, …/source_identity: what AWS makes of a token.
const AWS = 'https://aws.amazon.com/'

const RESERVED = new Set([
  ...[
    'iss',
    'sub',
    'aud',
    'exp',
    'nbf',
    'iat',
    'jti',
    'client_id',
    'scope',
    'cnf',
    'act',
    'may_act',
    'status',
    'reeve',
  ],
  ...['active', 'token_type', 'username', 'credential_kind', 'rate_per_minute', 'token_introspection'],
  ...['typ', 'alg', 'kid', 'nonce', 'azp', 'sid', 'auth_time', 'acr', 'amr', 'events', 'tid', 'oid', 'upn'],
  ...['name', 'preferred_username', 'email', 'email_verified', 'phone_number', 'phone_number_verified'],
  ...['scp', 'scopes', 'role', 'roles', 'group', 'groups', 'permissions', 'entitlements', 'authorization_details'],
  ...['authorities', 'privileges', 'realm_access', 'resource_access', 'wids', 'idtyp', 'appid', 'hd'],
])
