import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'

/** Whoever has these credentials, as STS names it. */
export interface StsCaller {
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly Account: string
  readonly Arn: string
  readonly UserId: string
}

/** The STS of every region on a real socket: it checks each signature itself, from the bytes that came. */
export interface TestSts {
  readonly url: string
  /** What was sent, as it came. */
  readonly asked: readonly { readonly headers: IncomingMessage['headers']; readonly body: string }[]
  /** Who has the access key with this id. */
  put(accessKeyId: string, caller: StsCaller): void
  /** Answers this in place of what it should. */
  answer(listener: RequestListener | undefined): void
  close(): void
}

/** Opens one. It is written after AWS's documentation of Signature Version 4, and not after what is under test. */
export const openSts = async (now: () => Date): Promise<TestSts> => {
  const callers = new Map<string, StsCaller>()
  const asked: { headers: IncomingMessage['headers']; body: string }[] = []
  let instead: RequestListener | undefined
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8')
      asked.push({ headers: request.headers, body })
      if (instead !== undefined) return instead(request, response)
      const caller = callerOf(request, body, callers, now())
      const isJson = request.headers.accept === 'application/json'
      response.writeHead(typeof caller === 'string' ? 403 : 200, {
        'content-type': isJson ? 'application/json' : 'text/xml',
      })
      if (!isJson) return response.end('<GetCallerIdentityResponse/>')
      if (typeof caller === 'string') return response.end(JSON.stringify({ Error: { Code: caller } }))
      const { Account, Arn, UserId } = caller
      const result = { GetCallerIdentityResult: { Account, Arn, UserId }, ResponseMetadata: { RequestId: 'r' } }
      response.end(JSON.stringify({ GetCallerIdentityResponse: result }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/`,
    asked,
    put: (id, caller) => callers.set(id, caller),
    answer: (listener) => {
      instead = listener
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

const FORM =
  /^AWS4-HMAC-SHA256 Credential=(\w+)\/(\d{8})\/([\w-]+)\/sts\/aws4_request,\s*SignedHeaders=([\w;-]+),\s*Signature=(\w{64})$/

const callerOf = (
  request: IncomingMessage,
  body: string,
  callers: ReadonlyMap<string, StsCaller>,
  now: Date,
): StsCaller | string => {
  const { authorization = '', host = '' } = request.headers
  const [, id = '', day = '', region = '', names = '', signature = ''] = FORM.exec(authorization) ?? []
  const caller = callers.get(id)
  if (caller === undefined) return 'InvalidClientTokenId'
  if (host !== `sts.${region}.amazonaws.com`) return 'SignatureDoesNotMatch'
  if (request.headers['x-amz-security-token'] !== caller.sessionToken) return 'InvalidClientTokenId'
  const date = String(request.headers['x-amz-date'])
  const at = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (!(Math.abs(at - now.getTime()) <= 900_000)) return 'SignatureDoesNotMatch'
  const canonical = [
    request.method,
    ...(request.url ?? '').split('?'),
    ...((request.url ?? '').includes('?') ? [] : ['']),
    ...names.split(';').map((name) => `${name}:${String(request.headers[name] ?? '').trim()}`),
    '',
    names,
    sha256(body),
  ].join('\n')
  const scope = `${day}/${region}/sts/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')
  const key = [day, region, 'sts', 'aws4_request'].reduce<Buffer>(
    (before, part) => createHmac('sha256', before).update(part).digest(),
    Buffer.from(`AWS4${caller.secretAccessKey}`),
  )
  const right = createHmac('sha256', key).update(toSign).digest()
  return timingSafeEqual(right, Buffer.from(signature, 'hex')) ? caller : 'SignatureDoesNotMatch'
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
