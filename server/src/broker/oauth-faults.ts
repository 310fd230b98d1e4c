import type { FaultSpec } from '../kit/fault.ts'

/** What the OAuth endpoints refuse with: who asks, what is asked for, and what is presented for it. */
export const OAUTH_FAULTS = {
  // Proving who one is. One code for an unknown client and a wrong proof: nobody learns which clients exist.
  client_not_proven: {
    kind: 'unauthenticated',
    message: 'the client is unknown or its proof is wrong',
    fix: 'check client_id, and that the secret or key is the one registered for it: `reeve credential list IDENTITY`',
  },
  client_proof_missing: {
    kind: 'unauthenticated',
    message: 'the request carries no proof of who the client is',
    fix: 'authenticate with private_key_jwt (RFC 7523), with a client secret (client_secret_basic or client_secret_post), or over mutual TLS, at the endpoints of `mtls_endpoint_aliases` where the metadata of this server has them (RFC 8705)',
  },
  client_proof_ambiguous: {
    kind: 'invalid',
    message: 'the request proves who the client is in more than one way, or for two different clients',
    fix: 'use exactly one method of client authentication in a request (RFC 6749 §2.3)',
  },
  assertion_invalid: {
    kind: 'unauthenticated',
    message: 'the client assertion does not have the form or the claims that this server asks for',
    fix: 'sign a JWT with iss = sub = client_id, aud = the issuer, iat, a jti of its own, and exp at most 5 minutes ahead (RFC 7523 §3)',
  },
  assertion_replayed: {
    kind: 'unauthenticated',
    message: 'this client assertion was used before',
    fix: 'make a new assertion with a new jti for every request',
  },
  bound_key_cloned: {
    kind: 'unauthenticated',
    message: 'this use of a bound key was made before, by another one: the instance is quarantined',
    fix: 'find out who else has the key (the event names both addresses), revoke the credential, and join with a new one',
  },
  bound_key_out_of_step: {
    kind: 'unauthenticated',
    message: 'this bound key was used more often than this server knows',
    fix: 'if the database was put back to an earlier time, revoke the credential and join with a new one',
  },
  // One code for whatever is wrong with a token that is not proven, or that fits no trust: a stranger learns nothing.
  federation_refused: {
    kind: 'unauthenticated',
    message: 'this token of another issuer proves no identity here',
    fix: 'run `reeve trust test FILE` with the token to see which trust would accept it, and why the others would not, or that its issuer cannot be asked',
  },
  federation_expired: {
    kind: 'unauthenticated',
    message: 'this token of another issuer has expired, is not valid yet, or lives for longer than a day',
    fix: 'get a new token from the platform directly before you use it, and check the clocks',
  },
  federation_ambiguous: {
    kind: 'denied',
    message: 'this token fits the trusts of several identities, and one token is one identity',
    fix: 'run `reeve trust test FILE` with the token, and pin a claim of each trust that tells the workloads apart',
  },
  federation_issuer_unreachable: {
    kind: 'unavailable',
    message: 'the issuer of this grant cannot be asked for its keys now',
    fix: 'try again after the seconds that Retry-After gives; `reeve trust test FILE` says what is wrong with the issuer',
  },
  // Proving that one holds the key of a token.
  dpop_proof_invalid: {
    kind: 'invalid',
    message: 'the DPoP proof is wrong',
    fix: 'make a new proof for each request, by the key that the token is bound to (RFC 9449 §4.2), and check the clock',
  },
  dpop_proof_replayed: {
    kind: 'invalid',
    message: 'this DPoP proof was used before',
    fix: 'make a new proof with a new jti for each request',
  },
  dpop_nonce_required: {
    kind: 'invalid',
    message: 'the DPoP proof needs a nonce of this server',
    fix: 'send the same again with a new proof that holds the value of the header DPoP-Nonce of this answer (RFC 9449 §8)',
  },
  sender_constraint_required: {
    kind: 'denied',
    message: 'the tier of this identity refuses tokens that whoever has them could use',
    fix: 'ask with a DPoP proof (`dpop: true` in the SDK, --dpop in the CLI) or over mutual TLS (`mtls`, --cert), so that the token is bound',
  },
  certificate_not_shown: {
    kind: 'unauthenticated',
    message: 'this access token is bound to a certificate, and the connection shows another one or none',
    fix: 'send it over mutual TLS with the certificate that it was asked for with, or ask for a new one (RFC 8705 §3)',
  },
  sender_not_proven: {
    kind: 'unauthenticated',
    message: 'this access token is bound to a key, and the request does not prove that its sender holds it',
    fix: 'send the token with the scheme DPoP and a new proof for this request (RFC 9449 §7.1)',
  },
  credential_expired: {
    kind: 'unauthenticated',
    message: 'this credential has expired',
    fix: 'ask the owner of the identity to add a new one: `reeve credential add`; `reeve why` with its id tells when it ended',
  },
  credential_stopped: {
    kind: 'unauthenticated',
    message: 'this credential was stopped',
    fix: 'run `reeve why` with the id of the credential to see who stopped it and why',
  },
  credential_tier_refused: {
    kind: 'denied',
    message: 'the tier of this identity rose, and its rules refuse this credential now',
    fix: 'add a credential that the tier allows, such as a public key, and revoke this one: `reeve credential add`',
  },
  identity_stopped: {
    kind: 'denied',
    message: 'this identity may not act now',
    fix: 'run `reeve why` with the id of the identity to see who stopped it, under which rule, and how it is released',
  },
  instance_stopped: {
    kind: 'denied',
    message: 'this instance of the identity is quarantined',
    fix: 'start a new instance, or ask the owner to release this one: `reeve release instance`',
  },
  // What is asked for.
  grant_type_unsupported: {
    kind: 'invalid',
    message: 'this grant type is not offered',
    fix: 'use grant_type=client_credentials, or urn:ietf:params:oauth:grant-type:jwt-bearer with a token of the platform',
  },
  parameter_invalid: {
    kind: 'invalid',
    message: 'a parameter is missing, malformed, too long, or given twice',
    fix: 'send each parameter once, in the body, as application/x-www-form-urlencoded (RFC 6749 §3.2)',
  },
  resource_missing: {
    kind: 'invalid',
    message: 'a token is for one resource, and the request names none',
    fix: 'send resource=URI (RFC 8707); `reeve reach IDENTITY` lists what it may access',
  },
  resource_several: {
    kind: 'invalid',
    message: 'a token is for one resource, and the request names several',
    fix: 'ask once for each, with one resource=URI (RFC 8707 §2)',
  },
  resource_not_registered: {
    kind: 'invalid',
    message: 'there is no such resource here for this identity',
    fix: 'check the URI, and that the resource is registered in the environment of the identity',
  },
  scope_malformed: {
    kind: 'invalid',
    message: 'the scope is malformed or names something that the resource does not offer',
    fix: 'name actions of the resource, separated by single spaces; leave scope out to get everything that is granted',
  },
  details_invalid: {
    kind: 'invalid',
    message: 'the authorization details are malformed, or not what the resource takes',
    fix: 'send a JSON list of objects, each with a type that the resource registered, some of its actions, and the fields of that type',
  },
  exchange_details_wider: {
    kind: 'denied',
    message: 'the subject token does not hold these authorization details',
    fix: 'ask for details that one of the subject token covers: the same type and values, and no more in its lists',
  },
  token_denied: {
    kind: 'denied',
    message: 'the policy refuses this token',
    fix: 'run `reeve why` with the decision id to see which policy or attribute decided and what would allow it',
  },
  // Token exchange (RFC 8693).
  token_type_unsupported: {
    kind: 'invalid',
    message: 'a token type in the request is none that is exchanged here',
    fix: 'exchange access tokens of this server: urn:ietf:params:oauth:token-type:access_token, or :jwt',
  },
  subject_token_refused: {
    kind: 'invalid',
    message: 'the subject token is no access token of this server that is in force and that this client may exchange',
    fix: 'get a new subject token; if somebody or something in its chain was stopped, `reeve why` with the request id says so',
  },
  actor_token_refused: {
    kind: 'invalid',
    message: 'the actor token is no access token that this server issued to this client and that is in force',
    fix: 'leave actor_token out: the client that authenticates is the actor',
  },
  delegate_not_named: {
    kind: 'denied',
    message: 'the subject token was not given to this client to act with',
    fix: 'let the subject ask for its token with may_act=ID of this client, or serve the resource that the token is for',
  },
  delegation_denied: {
    kind: 'denied',
    message: 'no policy lets this client, or one who acted before it, act for the subject',
    fix: 'permit broker.token.exchange for who acts on the subject; `reeve why` with the decision id says what decided',
  },
  exchange_loop: {
    kind: 'invalid',
    message: 'this client acts in this chain already, and would act for itself',
    fix: 'go on with the token that this client was given before',
  },
  exchange_too_deep: {
    kind: 'invalid',
    message: 'the chain would be longer than five actors or ten presented tokens',
    fix: 'let fewer identities act for each other, or start from a token of the subject',
  },
  exchange_scope_wider: {
    kind: 'invalid',
    message: 'the scope is wider than that of the subject token',
    fix: 'ask for actions of the subject token only; for others name another resource, which the policy then judges',
  },
  exchange_subject_denied: {
    kind: 'denied',
    message: 'the policy refuses this to the subject of the token',
    fix: 'run `reeve why` with the decision id to see what decided; who acts for the subject may not do more than it',
  },
  exchange_actor_denied: {
    kind: 'denied',
    message: 'the policy refuses this to one who would act',
    fix: 'run `reeve why` with the decision id; at another resource the subject and all who act for it need the right',
  },
  token_of_another: {
    kind: 'denied',
    message: 'this token belongs to another client',
    fix: 'a client revokes its own tokens; a person stops others with `reeve quarantine`',
  },
  token_not_ours: {
    kind: 'invalid',
    message: 'this is not an access token that this server signed',
    fix: 'give the whole token, or its jti together with its expiry',
  },
  token_ended: {
    kind: 'conflict',
    message: 'this token has ended, so there is nothing to stop',
    fix: 'where the token was named by its jti, look whether expiresAt is its exp, with the time zone; else nothing is to be done',
  },
  token_refused: {
    kind: 'unauthenticated',
    message: 'this access token is not valid here, has expired, or was stopped',
    fix: 'get a new token whose audience is this server',
  },
} as const satisfies Record<string, FaultSpec>
