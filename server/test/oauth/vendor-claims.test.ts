import assert from 'node:assert/strict'
import { decodeJwt } from 'jose'
import { ORDERS, onEveryBroker, post, setUpOrders } from '../broker.ts'
import { githubJob, gitlabJob, openIssuer, podToken } from '../fakes/foreign-issuer.ts'

/** A token as the documentation of its vendor has it. */
interface Documented {
  readonly platform: string
  /** Where the claims and their meaning are written down. */
  readonly source: string
  readonly claims: Record<string, unknown>
  /** What the trust pins of it; no token that differs in any of these, or leaves it out, is the workload. */
  readonly pins: Record<string, string>
  /** The workload next to it, which the trust must not let in. */
  readonly neighbour: Record<string, unknown>
  readonly instance?: string
}

const STS = 'https://sts.amazonaws.com/'
const ofSts = (over: object = {}) => ({
  aws_account: '123456789012',
  source_region: 'eu-west-1',
  org_id: 'o-abc1234567',
  ou_path: 'o-abc1234567/r-ab12/ou-ab12-11111111/',
  principal_tags: { team: 'orders' },
  ...over,
})
const pod = podToken()
const inPod = (over: object) => ({ ...Object(pod['kubernetes.io']), ...over })

const DOCUMENTED: readonly Documented[] = [
  {
    platform: 'github',
    source: 'GitHub docs, OpenID Connect reference: understanding the OIDC token',
    claims: githubJob(),
    pins: { repository_id: '74', repository_owner_id: '65', environment: 'production' },
    // The same name, after the repository was deleted and somebody else made one of that name.
    neighbour: { repository_id: '75' },
    instance: '30433642',
  },
  {
    platform: 'gitlab',
    source: 'GitLab docs, OpenID Connect authentication using ID tokens: token payload',
    claims: gitlabJob(),
    pins: { project_id: '22', ref: 'main', ref_type: 'branch' },
    // A tag of the same name as the branch.
    neighbour: { ref_type: 'tag' },
    instance: '302',
  },
  {
    platform: 'kubernetes',
    source: 'Kubernetes docs, managing service accounts: bound service account tokens; the same on EKS, GKE and AKS',
    claims: pod,
    pins: { sub: String(pod.sub), '/kubernetes.io/namespace': String(inPod({}).namespace) },
    // The service account of the same name in another namespace.
    neighbour: {
      sub: String(pod.sub).replace('shop', 'shop-staging'),
      'kubernetes.io': inPod({ namespace: 'shop-staging' }),
    },
    instance: String(inPod({}).pod?.uid),
  },
  {
    platform: 'google',
    source: "Google Cloud docs, get an ID token: payload of a service account's",
    claims: {
      azp: '112233445566778899001',
      email: 'orders@acme.iam.gserviceaccount.com',
      email_verified: true,
      sub: '112233445566778899001',
    },
    pins: { sub: '112233445566778899001' },
    // The same address, of a service account that was deleted and made again.
    neighbour: { sub: '112233445566778899002', azp: '112233445566778899002' },
  },
  {
    platform: 'entra',
    source: 'Microsoft identity platform, access token claims reference, version 2.0',
    claims: {
      azp: '6731de76-14a6-49ae-97bc-6eba6914391e',
      azpacr: '2',
      oid: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
      rh: '0.AAAA',
      sub: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
      tid: '9188040d-6c67-4c5b-b112-36a304b66dad',
      uti: 'fqiBqXLPj0eQa82S-IYFAA',
      ver: '2.0',
    },
    pins: { oid: '690222be-ff1a-4d56-abd1-7e4f7d38e474', tid: '9188040d-6c67-4c5b-b112-36a304b66dad' },
    // The same application in another tenant.
    neighbour: { tid: '72f988bf-86f1-41af-91ab-2d7cd011db47' },
  },
  {
    platform: 'other',
    source: 'AWS IAM user guide, outbound identity federation: understanding token claims (RS256)',
    claims: { sub: 'arn:aws:iam::123456789012:role/OrdersSync', jti: 'jti-1', [STS]: ofSts() },
    pins: {
      sub: 'arn:aws:iam::123456789012:role/OrdersSync',
      '/https:~1~1sts.amazonaws.com~1/aws_account': '123456789012',
    },
    // The role of the same name in another account of the organisation.
    neighbour: {
      sub: 'arn:aws:iam::210987654321:role/OrdersSync',
      [STS]: ofSts({ aws_account: '210987654321' }),
    },
  },
  {
    platform: 'spiffe',
    source: 'SPIFFE, JWT-SVID §3: sub, aud and exp alone',
    claims: { sub: 'spiffe://acme.example/ns/shop/sa/orders', iss: undefined, iat: undefined, nbf: undefined },
    pins: { sub: 'spiffe://acme.example/ns/shop/sa/orders' },
    // One path below it.
    neighbour: { sub: 'spiffe://acme.example/ns/shop/sa/orders/debug' },
  },
]

onEveryBroker(
  'T6: by what each vendor documents the workload gets a token, and not its neighbour, nor by a token for somebody else',
  async (test) => {
    setUpOrders(test)
    const issuer = await openIssuer(test.room.clock.now)
    try {
      const bundleKeys = [{ ...issuer.publicKey.export({ format: 'jwk' }), kid: 'key-1', use: 'jwt-svid' }]
      let offered = 0
      for (const { platform, source, claims, pins, neighbour, instance } of DOCUMENTED) {
        const who =
          platform === 'spiffe' ? { issuer: 'spiffe://acme.example', bundleKeys } : { issuer: issuer.url, platform }
        const trust = { identity: 'nhi_sync', audience: test.url, claims: pins, ...who }
        const { credential } = await test.call('broker.trust.add', trust)
        await test.room.changes.catchUp()
        const offer = async (over: Record<string, unknown> = {}) => {
          // Each is new: which of them may come again is another test's.
          const jti = claims.jti === undefined ? {} : { jti: `jti-${offered++}` }
          const assertion = await issuer.sign({ ...claims, aud: test.url, ...jti, ...over }, { typ: 'JWT' })
          const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
          return post(test, '/oauth/token', { grant_type, assertion, resource: ORDERS })
        }
        const { status, body } = await offer()
        assert.equal(status, 200, `${source}: ${JSON.stringify(body)}`)
        const token = decodeJwt<{ reeve: { credential: string; instance?: string } }>(body.access_token)
        assert.deepEqual(
          [token.sub, token.reeve.credential, token.reeve.instance],
          ['nhi_sync', credential.id, instance],
        )
        const named = Object.keys(pins).filter((name) => !name.startsWith('/'))
        const wrong = [
          neighbour,
          ...named.flatMap((name) => [{ [name]: '0000' }, { [name]: undefined }, { [name]: [pins[name]] }]),
          { aud: 'https://elsewhere.example' },
          { aud: undefined },
          ...(platform === 'spiffe' ? [] : [{ iss: `${issuer.url}/` }]),
        ]
        for (const over of wrong)
          assert.equal((await offer(over)).body.code, 'federation_refused', `${source} ${JSON.stringify(over)}`)
        await test.call('broker.credential.revoke', { credential: credential.id, reason: 'the next vendor' })
        await test.room.changes.catchUp()
      }
    } finally {
      issuer.close()
    }
  },
)
