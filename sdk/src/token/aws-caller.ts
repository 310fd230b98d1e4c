import { base64url } from 'jose'

/** The keys by which AWS knows a workload, as they are now, and the region whose STS is to be asked about it. */
export interface AwsKeys {
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

/** The type of such a proof at the token endpoint. */
export const awsCallerType = 'urn:reeve:client-assertion-type:aws-caller'

/**
 * A request that asks AWS's STS who its sender is, signed (Signature Version 4) and not sent: the issuer sends it. It is
 * signed for that issuer by name, so that another one who is shown it can do nothing with it.
 */
export const signAwsCaller = async (
  { region, accessKeyId, secretAccessKey, sessionToken }: AwsKeys,
  { issuer, nowMs }: { readonly issuer: string; readonly nowMs: number },
): Promise<string> => {
  const time = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const day = time.slice(0, 8)
  const headers: Record<string, string> = {
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    host: `sts.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`,
    'x-amz-date': time,
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
    'x-reeve-server-id': issuer,
  }
  const names = Object.keys(headers).join(';')
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}`)
  const request = ['POST', '/', '', ...lines, '', names, hex(await sha256(body))].join('\n')
  const scope = `${day}/${region}/sts/aws4_request`
  const toSign = [algorithm, time, scope, hex(await sha256(request))].join('\n')
  let key = encode(`AWS4${secretAccessKey}`)
  for (const part of scope.split('/')) key = await hmac(key, part)
  const signature = hex(await hmac(key, toSign))
  const authorization = `${algorithm} Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`
  return base64url.encode(JSON.stringify({ headers: { ...headers, authorization } }))
}

const algorithm = 'AWS4-HMAC-SHA256'
const body = 'Action=GetCallerIdentity&Version=2011-06-15'

const encode = (text: string) => new TextEncoder().encode(text)

const sha256 = async (text: string) => new Uint8Array(await crypto.subtle.digest('SHA-256', encode(text)))

const hmac = async (key: Uint8Array<ArrayBuffer>, text: string) => {
  const imported = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, encode(text)))
}

const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
