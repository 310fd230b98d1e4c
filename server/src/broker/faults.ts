import { faultTable } from '../kit/fault.ts'
import { OAUTH_FAULTS } from './oauth-faults.ts'

const tables = faultTable({
  ...OAUTH_FAULTS,
  // Credentials and what they need.
  identity_not_found: {
    kind: 'not_found',
    message: 'there is no such identity, or you may not know of it',
    fix: 'check the name or id: `reeve identity list`',
  },
  credential_not_found: {
    kind: 'not_found',
    message: 'there is no such credential, or you may not know of it',
    fix: 'check the id: `reeve credential list`',
  },
  instance_not_found: {
    kind: 'not_found',
    message: 'there is no such instance, or you may not know of it',
    fix: 'check the identity and the name of the instance: `reeve instance list IDENTITY`',
  },
  key_not_found: {
    kind: 'not_found',
    message: 'there is no active signing key with this algorithm',
    fix: 'a key is made when a resource first needs its algorithm; `reeve key list` shows those that exist',
  },
  key_rotation_running: {
    kind: 'conflict',
    message: 'this signing key is being replaced already',
    fix: 'wait until its successor signs (`reeve key list`), or rotate with isUrgent when the old key must not be believed',
  },
  identity_not_active: {
    kind: 'conflict',
    message: 'only an active identity gets credentials',
    fix: 'release, approve or renew the identity first',
  },
  credential_too_many: {
    kind: 'conflict',
    message: 'this identity has as many working credentials as one may have',
    fix: 'revoke those that nobody uses (`reeve credential list IDENTITY`), or give each group of machines an identity of its own',
  },
  credential_of_others: {
    kind: 'denied',
    message: 'an identity ends the credential that it proved itself with, and no other',
    fix: 'prove it with that credential, or have its owner end it: `reeve credential revoke ID`',
  },
  credential_wrong_state: {
    kind: 'conflict',
    message: 'the credential is not in a state in which this can be done',
    fix: 'look at its state with `reeve credential show`; what is revoked or has retired stays so',
  },
  credential_not_rotatable: {
    kind: 'invalid',
    message: 'a credential of this kind holds no secret or key that could be replaced by the next',
    fix: 'add the one that is to follow with `reeve credential add` or `reeve trust add`, and revoke this one when its workload uses that',
  },
  rotation_running: {
    kind: 'conflict',
    message: 'this credential is being rotated already, as the old one or as the new one',
    fix: 'wait until that ends (`reeve credential show`), or take it back with `reeve credential rollback`',
  },
  rotation_not_running: {
    kind: 'conflict',
    message: 'no rotation of this credential is running',
    fix: '`reeve why` with the id of the credential tells how its rotation ended; what has retired is not brought back',
  },
  rotation_deadline_wrong: {
    kind: 'invalid',
    message: 'the old credential and the new one may not work side by side for so long',
    fix: 'leave deadline out for what the tier says; it is never after the end of either credential',
  },
  credential_kind_refused: {
    kind: 'denied',
    message: 'an identity of this kind or tier may not prove itself in this way',
    fix: 'use private_key_jwt with a public key, or ask for an expiring exception',
  },
  credential_life_too_long: {
    kind: 'invalid',
    message: 'the expiry is later than this credential may live',
    fix: 'leave expiresAt out for the longest life that the tier of the identity allows',
  },
  api_key_rate: {
    kind: 'limited',
    message: 'this API key is used more often than its rate allows',
    fix: 'wait for the seconds that Retry-After gives; `reeve credential show ID` has its rate',
  },
  api_key_out_of_bounds: {
    kind: 'denied',
    message: 'this API key does not reach so far: it has one resource, some of its actions, and perhaps networks',
    fix: 'ask for what it is for (`reeve credential show ID`); its owner is told in the event which limit it was',
  },
  api_key_limits_wrong: {
    kind: 'invalid',
    message:
      'an API key, or a secret that signs webhooks, is for one resource and some of its actions; a credential of another kind has no such limits',
    fix: 'send resource (its URI) and actions, with kind api-key or webhook-secret; networks and ratePerMinute are of API keys alone',
  },
  webhook_not_received: {
    kind: 'denied',
    message: 'only an identity that serves a resource takes the secrets that sign webhooks to it',
    fix: 'name the identity in servedBy of the resource, and send the URI of the resource',
  },
  credential_key_missing: {
    kind: 'invalid',
    message:
      'a credential of kind public-key needs a public key or the address of a key set, and one of another kind must have neither',
    fix: 'with kind public-key or self-signed-tls send publicKey, a JWK (RFC 7517), in the CLI by --new-key or --public-key, or with public-key jwksUri; else leave both out',
  },
  credential_key_private: {
    kind: 'invalid',
    message:
      'this JWK holds a private or symmetric key; it was not stored, but it has been sent and must not be used any more',
    fix: 'make a new key pair, keep its private part where it was made, and send the public part only',
  },
  credential_key_weak: {
    kind: 'invalid',
    message: 'this key is too weak, of a kind that is not accepted, or does not fit its algorithm',
    fix: 'use an EC key on P-256 (ES256), an Ed25519 key (EdDSA), or RSA with 2048 to 4096 bits (PS256 or RS256)',
  },
  credential_key_in_use: {
    kind: 'conflict',
    message: 'this key, key set, certificate or name of a certificate is registered already',
    fix: 'make one for each identity; one key, certificate or name proves one identity',
  },
  credential_certificate_missing: {
    kind: 'invalid',
    message:
      'self-signed-tls needs a certificate or its public key, tls-client-auth the name in its certificates, and other kinds have neither',
    fix: 'send certificate (PEM) or publicKey with kind self-signed-tls, certificateName (one type and value) with kind tls-client-auth',
  },
  credential_certificate_wrong: {
    kind: 'invalid',
    message: 'this is no certificate, or no name of one, that can prove an identity',
    fix: 'send one certificate in PEM that is in force, with an RSA key of 2048 bits or an elliptic curve, or a name without wildcard as the certificate writes it',
  },
  credential_keys_unreachable: {
    kind: 'invalid',
    message: 'no keys can be had from the key set of this credential',
    fix: 'serve a JWK set (RFC 7517) at an https address that this server reaches, and try again after half a minute',
  },
  trust_refused: {
    kind: 'invalid',
    message: 'this trust would let in more than the workload that it is for',
    fix: 'change what is named, and look at all that is wrong first: `reeve trust lint`',
  },
  trust_ambiguous: {
    kind: 'conflict',
    message: 'a token could fit this trust and one of another identity, and one token is one identity',
    fix: 'pin a claim in both that tells the workloads apart, such as the environment, the ref or the service account',
  },
  instance_wrong_state: {
    kind: 'conflict',
    message: 'the instance is not in a state in which this can be done',
    fix: 'only a quarantined instance can be released, and only one that is not can be quarantined',
  },
  issuer_not_trusted: {
    kind: 'not_found',
    message: 'no trust names this issuer, and it is not this server',
    fix: 'write it as the `iss` of its tokens has it, or the URL of this server: `reeve trust list`',
  },
  stop_not_found: {
    kind: 'not_found',
    message: 'there is no such quarantine in force',
    fix: 'what was revoked cannot be released; what was released already needs nothing',
  },
  seal_rotation_running: {
    kind: 'conflict',
    message: 'a new data key was made a moment ago, and seals in a minute',
    fix: 'look at it with reeve seal show, and rotate again once it seals',
  },
  kek_unavailable: {
    kind: 'unavailable',
    message: 'the key-encryption key cannot be used now, so no data key was made or wrapped',
    fix: 'see why in the detail; what is sealed goes on being served meanwhile',
  },
  verifier_not_known: {
    kind: 'denied',
    message: 'only an identity that serves a resource confirms the revocation feed',
    fix: 'name the identity in servedBy of the resource that it protects',
  },
  stream_not_found: {
    kind: 'not_found',
    message: 'there is no such stream, or you may not know of it',
    fix: 'check the id: `reeve stream list`',
  },
  stream_not_for_receiver: {
    kind: 'denied',
    message: 'only an identity that serves a resource has streams of security events',
    fix: 'name the identity in servedBy of the resource that it protects',
  },
  stream_limit_reached: {
    kind: 'conflict',
    message: 'this receiver has as many streams as it may have',
    fix: 'change or delete one of those that it has: `reeve stream list`',
  },
  stream_delivery_wrong: {
    kind: 'invalid',
    message: 'the delivery of a stream is a push to a URL, or a poll without one',
    fix: 'send method push with endpoint, an https URL without login and fragment; or method poll and no endpoint',
  },
  stream_not_polled: {
    kind: 'conflict',
    message: 'this stream is delivered by push',
    fix: 'wait for its events at the endpoint, or change its method to poll',
  },
  stream_verified_lately: {
    kind: 'limited',
    message: 'this stream was verified a moment ago',
    fix: 'wait for the seconds that Retry-After gives',
  },
  verifier_ahead: {
    kind: 'invalid',
    message: 'this sequence number is later than anything the feed has said',
    fix: 'confirm the last number that was read from /revocations of this server',
  },
})

/** The faults of the broker. */
export const brokerFaults = tables.table
/** Makes one of them. */
export const fault = tables.fault
