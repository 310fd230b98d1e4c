import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import { SignJWT } from 'jose'

/** Another issuer on a real socket, with real keys; what it answers can be changed. */
export interface ForeignIssuer {
  /** Its `iss`. */
  readonly url: string
  /** Signs a token with these claims; undefined leaves one out. */
  sign(claims: Record<string, unknown>, header?: Record<string, unknown>, key?: KeyObject): Promise<string>
  /** Makes a new key, which is shown instead of the one before, or beside it. */
  rotate(keyId: string, given?: { readonly isBeside: boolean }): void
  /** Answers this in place of its documents; undefined: as it should. */
  answer(listener: RequestListener | undefined): void
  /** How often its keys were asked for. */
  asked(): number
  readonly publicKey: KeyObject
  close(): void
}

/** Opens one that signs with RS256, as most platforms do. */
export const openIssuer = async (now: () => Date): Promise<ForeignIssuer> => {
  let url = ''
  let asked = 0
  let instead: RequestListener | undefined
  const at = open++
  const own = kept[at] ?? newPair()
  kept[at] = own
  let pair = own
  let keyId = 'key-1'
  const jwkOf = () => ({ ...pair.publicKey.export({ format: 'jwk' }), kid: keyId, alg: 'RS256', use: 'sig' })
  let keys: object[] = [jwkOf()]
  const server = createServer((request, response) => {
    // Below it is the same set, for whom an address of its own is registered.
    const asksKeys = request.url?.startsWith('/keys') === true
    if (asksKeys) asked += 1
    if (instead !== undefined) return instead(request, response)
    const document = asksKeys ? { keys } : { issuer: url, jwks_uri: `${url}/keys` }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A test that fails half way must not keep its process alive.
  server.unref()
  const address = server.address()
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  return {
    url,
    get publicKey() {
      return pair.publicKey
    },
    sign: (claims, header = {}, key = pair.privateKey) => {
      const seconds = Math.floor(now().getTime() / 1000)
      const usual = { iss: url, iat: seconds, nbf: seconds, exp: seconds + 300 }
      const whole = Object.fromEntries(
        Object.entries({ ...usual, ...claims }).filter(([, value]) => value !== undefined),
      )
      return new SignJWT(whole).setProtectedHeader({ alg: 'RS256', kid: keyId, ...header }).sign(key)
    },
    rotate: (id, given = { isBeside: false }) => {
      pair = newPair()
      keyId = id
      keys = given.isBeside ? [...keys, jwkOf()] : [jwkOf()]
    },
    answer: (listener) => {
      instead = listener
    },
    asked: () => asked,
    close: () => {
      open -= 1
      server.closeAllConnections()
      server.close()
    },
  }
}

// An RSA key takes 100 ms and more to make: the next test's issuer has this one's. Two that are open have two.
const kept: ReturnType<typeof newPair>[] = []
let open = 0
const newPair = () => generateKeyPairSync('rsa', { modulusLength: 2048 })

/** The claims of a job of GitHub Actions, as it documents them. */
export const githubJob = (over: Record<string, unknown> = {}): Record<string, unknown> => ({
  sub: 'repo:octo-org/octo-repo:environment:production',
  jti: randomUUID(),
  repository: 'octo-org/octo-repo',
  repository_id: '74',
  repository_owner: 'octo-org',
  repository_owner_id: '65',
  repository_visibility: 'private',
  environment: 'production',
  ref: 'refs/heads/main',
  ref_type: 'branch',
  event_name: 'push',
  workflow: 'deploy',
  job_workflow_ref: 'octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main',
  run_id: '30433642',
  run_number: '10',
  run_attempt: '2',
  actor: 'octocat',
  ...over,
})

/** The claims of an ID token of a GitLab job. */
export const gitlabJob = (over: Record<string, unknown> = {}): Record<string, unknown> => ({
  sub: 'project_path:my-group/my-project:ref_type:branch:ref:main',
  jti: randomUUID(),
  namespace_path: 'my-group',
  project_id: '22',
  project_path: 'my-group/my-project',
  ref: 'main',
  ref_type: 'branch',
  ref_protected: 'true',
  environment: 'production',
  pipeline_id: '574',
  pipeline_source: 'push',
  job_id: '302',
  user_login: 'sidney',
  ...over,
})

/** The claims of a projected service account token of a pod. */
export const podToken = (over: Record<string, unknown> = {}): Record<string, unknown> => ({
  sub: 'system:serviceaccount:shop:orders',
  jti: randomUUID(),
  'kubernetes.io': {
    namespace: 'shop',
    node: { name: 'node-1', uid: '646e7c5e-32d6-4d42-9dbd-e504e6cbe6b1' },
    pod: { name: 'orders-7c', uid: '5e0bd49b-f040-43b0-99b7-22765a53f7f3' },
    serviceaccount: { name: 'orders', uid: '14ee3fa4-a7e2-420f-9f9a-dbc4507c3798' },
  },
  ...over,
})
