// Gets a token in a GitHub Actions job: GitHub says who the job is, Reeve gives a token for it. Needs nothing but Node.
import { appendFileSync } from 'node:fs'

const ANSWER_MS_MAX = 10_000
const { env } = process

const input = (name) => (env[`INPUT_${name.toUpperCase()}`] ?? '').trim()

/** Fetches JSON; no redirect is followed, as what is sent is for this address alone. */
const askFor = async (what, url, init) => {
  const response = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(ANSWER_MS_MAX) })
  const body = await response.json().catch(() => ({}))
  if (!response.ok)
    throw new Error(`${what} (status ${response.status}): ${body.error_description ?? body.message ?? 'no reason was given'}`)
  return body
}

const proofFor = async (audience) => {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } = env
  if (!url || !bearer) throw new Error('this job has no right to a token: add `permissions: { id-token: write }` to it')
  const asked = new URL(url)
  asked.searchParams.set('audience', audience)
  const { value } = await askFor('GitHub gave no token', asked, { headers: { authorization: `bearer ${bearer}` } })
  // A line of its own in the log would be a command of whoever wrote it.
  if (typeof value !== 'string' || value === '' || /\s/.test(value)) throw new Error('GitHub gave no token')
  return value
}

const getToken = async () => {
  const missing = ['server', 'identity', 'resource'].filter((name) => input(name) === '')
  if (missing.length > 0) throw new Error(`needs ${missing.join(', ')} under \`with\``)
  const server = input('server').replace(/\/+$/, '')
  const proof = await proofFor(server)
  mask(proof)
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: input('identity'),
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: proof,
    resource: input('resource'),
  })
  if (input('scope') !== '') form.set('scope', input('scope'))
  const answer = await askFor('Reeve gave no token', `${server}/oauth/token`, { method: 'POST', body: form })
  if (typeof answer.access_token !== 'string' || /\s/.test(answer.access_token)) throw new Error('Reeve gave no token')
  mask(answer.access_token)
  appendFileSync(env.GITHUB_OUTPUT, `token=${answer.access_token}\nexpires-in=${Number(answer.expires_in)}\n`)
}

/** Keeps it out of the log, also of later steps. */
const mask = (secret) => console.log(`::add-mask::${secret}`)

try {
  await getToken()
} catch (error) {
  // One line, as the log's own commands are lines.
  console.log(`::error::${String(error.message).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')}`)
  process.exitCode = 1
}
