import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { openAwsKms } from './aws-kms.ts'
import { KeyUnavailable, WrongKey } from './key-wrapper.ts'
import { systemRandom } from './random.ts'
import { decrypt, encrypt } from './seal-box.ts'

// The vendor's own client against a service on loopback that speaks its protocol (AWS JSON 1.1).

const at = { table: 'kit_data_key', row: 'dek_1', column: 'wrapped' }
const key = Buffer.alloc(32, 9)

interface Kms {
  readonly url: string
  fault: string | undefined
  close(): Promise<void>
}

const startKms = async (): Promise<Kms> => {
  const random = systemRandom()
  const keys = new Map(['alias/one', 'alias/two'].map((id) => [id, random.bytes(32)]))
  const answer = (action: string, asked: Record<string, string>, context: unknown): Record<string, string> => {
    const held = keys.get(asked.KeyId ?? '')
    if (kms.fault !== undefined) throw new Error(kms.fault)
    if (held === undefined) throw new Error('NotFoundException')
    const bound = { table: JSON.stringify(context), row: '', column: '' }
    if (action === 'TrentService.Encrypt') {
      const text = encrypt(held, Buffer.from(asked.Plaintext ?? '', 'base64'), bound, random)
      return { CiphertextBlob: Buffer.from(text).toString('base64') }
    }
    try {
      const plain = decrypt(held, Buffer.from(asked.CiphertextBlob ?? '', 'base64').toString(), bound)
      return { Plaintext: plain.toString('base64') }
    } catch {
      throw new Error('InvalidCiphertextException')
    }
  }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { EncryptionContext, ...asked } = JSON.parse(Buffer.concat(chunks).toString())
    assert.match(String(request.headers.authorization), /^AWS4-HMAC-SHA256 .*\/eu-central-1\/kms\//)
    try {
      const body = answer(String(request.headers['x-amz-target']), asked, EncryptionContext)
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body))
    } catch (error) {
      const __type = error instanceof Error ? error.message : 'unknown'
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify({ __type }))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const kms: Kms = {
    url: `http://127.0.0.1:${port}`,
    fault: undefined,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return kms
}

const named = (kms: Kms, id: string): string =>
  `awskms:${id}?region=eu-central-1&endpoint=${encodeURIComponent(kms.url)}`

test('a key of AWS KMS wraps and unwraps, for its row alone; another key, a disabled one and an outage say what they are', async () => {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = process.env
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'only-for-loopback' })
  const kms = await startKms()
  try {
    const one = await openAwsKms(named(kms, 'alias/one'))
    const two = await openAwsKms(named(kms, 'alias/two'))
    const wrapped = await one.wrap(key, at)
    assert.deepEqual(await one.unwrap(wrapped, at), key)
    await assert.rejects(two.unwrap(wrapped, at), WrongKey)
    await assert.rejects(one.unwrap(wrapped, { ...at, row: 'dek_2' }), WrongKey)
    for (const fault of ['DisabledException', 'KMSInvalidStateException', 'AccessDeniedException']) {
      kms.fault = fault
      await assert.rejects(
        one.unwrap(wrapped, at),
        (error) => error instanceof KeyUnavailable && error.message.includes(fault),
      )
    }
    kms.fault = undefined
    await assert.rejects((await openAwsKms(named(kms, 'alias/none'))).wrap(key, at), /NotFoundException/)
    assert.deepEqual(await one.unwrap(wrapped, at), key, 'enabled again')
    await kms.close()
    await assert.rejects(one.unwrap(wrapped, at), KeyUnavailable)
  } finally {
    restore({ AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY })
    await kms.close().catch(() => undefined)
  }
})

test('a key of AWS KMS without a region is not guessed', async () => {
  await assert.rejects(openAwsKms('awskms:alias/one'), /region=REGION/)
  const arn = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd'
  assert.equal((await openAwsKms(`awskms:${arn}`)).id, `awskms:${arn}`)
})

const restore = (before: Readonly<Record<string, string | undefined>>): void => {
  for (const [name, value] of Object.entries(before))
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
}
