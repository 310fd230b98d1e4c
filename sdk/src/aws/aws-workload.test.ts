import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { awsWorkload } from './aws-workload.ts'

const AGENT_KEYS = { AccessKeyId: 'ASIAAGENT', SecretAccessKey: 'agent-secret', Token: 'agent-session' }
const asAgent = { accessKeyId: 'ASIAAGENT', secretAccessKey: 'agent-secret', sessionToken: 'agent-session' }

/** An agent on a real socket that answers these texts by method and path, and keeps what it was asked. */
const openAgent = async (t: TestContext, answers: Record<string, string>) => {
  const asked: IncomingMessage[] = []
  const server = createServer((request, response) => {
    asked.push(request)
    const text = answers[`${request.method} ${request.url}`]
    response.writeHead(text === undefined ? 404 : 200).end(text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return { url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`, asked }
}

test('the keys of the environment are taken as they are now', async () => {
  const environment: Record<string, string> = {
    AWS_ACCESS_KEY_ID: 'AKIA1',
    AWS_SECRET_ACCESS_KEY: 'one',
    AWS_REGION: 'eu-west-1',
  }
  const read = awsWorkload({ environment })
  const first = { accessKeyId: 'AKIA1', secretAccessKey: 'one', sessionToken: undefined, region: 'eu-west-1' }
  assert.deepEqual(await read(), first)
  Object.assign(environment, { AWS_SECRET_ACCESS_KEY: 'two', AWS_SESSION_TOKEN: 'session' })
  assert.deepEqual(await read(), { ...first, secretAccessKey: 'two', sessionToken: 'session' })
  assert.equal((await awsWorkload({ environment, region: 'us-east-2' })()).region, 'us-east-2')
})

test('a container asks its agent, with what it was given to ask with, read anew each time', async (t) => {
  const agent = await openAgent(t, { 'GET /v2/credentials/1': JSON.stringify(AGENT_KEYS) })
  const folder = mkdtempSync(join(tmpdir(), 'reeve-aws-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'token')
  const environment = {
    AWS_REGION: 'eu-west-1',
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${agent.url}/v2/credentials/1`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file,
  }
  for (const token of ['first', 'second']) {
    writeFileSync(file, `${token}\n`)
    assert.deepEqual(await awsWorkload({ environment })(), { ...asAgent, region: 'eu-west-1' })
    assert.equal(agent.asked.at(-1)?.headers.authorization, token)
  }
})

test('a container asks no address without TLS but that of this machine and of the agents of AWS', async () => {
  const asked: string[] = []
  const fetch = async (url: string) => {
    asked.push(url)
    return new Response(JSON.stringify(AGENT_KEYS))
  }
  const ask = (url: string) =>
    awsWorkload({ environment: { AWS_REGION: 'eu-west-1', AWS_CONTAINER_CREDENTIALS_FULL_URI: url }, fetch })()
  for (const url of [
    'http://10.0.0.1/',
    'http://169.254.169.254/',
    'http://169.254.170.2.evil.example/',
    'http://127.0.0.1.evil.example/',
    'http://user@169.254.170.2/',
    'ftp://127.0.0.1/',
    '/v2/credentials',
  ])
    await assert.rejects(ask(url), /no agent of this machine/, url)
  assert.deepEqual(asked, [])
  const good = [
    'http://169.254.170.2/a',
    'http://169.254.170.23/a',
    'http://[fd00:ec2::23]/a',
    'https://agent.example/a',
  ]
  for (const url of good) assert.deepEqual(await ask(url), { ...asAgent, region: 'eu-west-1' })
  assert.deepEqual(asked, good)
  const relative = { AWS_REGION: 'eu-west-1', AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/a' }
  await awsWorkload({ environment: relative, fetch })()
  assert.equal(asked.at(-1), 'http://169.254.170.2/v2/a')
})

test('a machine is asked by IMDSv2: a session first, and nothing without one', async (t) => {
  const answers: Record<string, string> = {
    'PUT /latest/api/token': 'session-1',
    'GET /latest/meta-data/placement/region': 'eu-central-1',
    'GET /latest/meta-data/iam/security-credentials/': 'OrdersSync',
    'GET /latest/meta-data/iam/security-credentials/OrdersSync': JSON.stringify(AGENT_KEYS),
  }
  const machine = await openAgent(t, answers)
  const environment = { AWS_EC2_METADATA_SERVICE_ENDPOINT: machine.url }
  assert.deepEqual(await awsWorkload({ environment })(), { ...asAgent, region: 'eu-central-1' })
  assert.equal(machine.asked[0]?.headers['x-aws-ec2-metadata-token-ttl-seconds'], '60')
  assert.ok(machine.asked.slice(1).every(({ headers }) => headers['x-aws-ec2-metadata-token'] === 'session-1'))

  delete answers['PUT /latest/api/token']
  const before = machine.asked.length
  await assert.rejects(awsWorkload({ environment })(), /no machine of EC2/)
  assert.equal(machine.asked.length, before + 1)
  const disabled = { ...environment, AWS_EC2_METADATA_DISABLED: 'true' }
  await assert.rejects(awsWorkload({ environment: disabled })(), /gave this process no keys/)
  assert.equal(machine.asked.length, before + 1)
})

test('no key of AWS stands in what is told of a failure', async (t) => {
  const machine = await openAgent(t, {
    'PUT /latest/api/token': 'session-1',
    'GET /latest/meta-data/placement/region': 'eu-central-1',
    'GET /latest/meta-data/iam/security-credentials/': 'OrdersSync',
    'GET /latest/meta-data/iam/security-credentials/OrdersSync': JSON.stringify({ SecretAccessKey: 'agent-secret' }),
  })
  const environment = { AWS_EC2_METADATA_SERVICE_ENDPOINT: machine.url }
  await assert.rejects(awsWorkload({ environment })(), (error) => {
    assert.ok(error instanceof Error && /AccessKeyId/.test(error.message) && !error.message.includes('agent-secret'))
    return true
  })
})
