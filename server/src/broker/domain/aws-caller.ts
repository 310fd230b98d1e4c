import { createHash } from 'node:crypto'
import { type AwsPartition, partitionOf, stsHostOf } from './aws-region.ts'
import { readJsonObject } from './compact-jwt.ts'

/**
 * A signed request to ask STS who its sender is (SigV4, `GetCallerIdentity`), taken apart. Nothing of it is believed: it
 * is sent on to STS, at a host that we choose, as the one request that we let it be.
 */
export interface AwsCaller {
  readonly region: string
  readonly partition: AwsPartition
  /** What is sent on, and nothing else is. */
  readonly headers: Readonly<Record<string, string>>
  readonly signedAtMs: number
  /** The signature in its one writing: what names this request. */
  readonly signature: string
}

/** What a caller is held to. */
export interface AwsCallerRules {
  /** What `x-reeve-server-id` must be: a request that was signed for another server, or for STS itself, is none for us. */
  readonly serverId: string
  readonly nowMs: number
}

/** The whole of the request besides its headers. */
export const CALLER_BODY = 'Action=GetCallerIdentity&Version=2011-06-15'
/** How far the time of a request may be from now. AWS lets it be a quarter of an hour; what is stolen should be worth less. */
export const CALLER_SECONDS_MAX = 300

/** Takes it apart; a sentence when it is not exactly such a request. */
export const readAwsCaller = (text: string, { serverId, nowMs }: AwsCallerRules): AwsCaller | string => {
  const headers = readHeaders(text)
  if (typeof headers === 'string') return headers
  const signed = SIGNED.exec(headers.authorization ?? '')?.groups
  const { day = '', region = '', names = '', signature = '' } = signed ?? {}
  if (signed === undefined) return 'its authorization is not that of AWS Signature Version 4 for sts'
  const partition = partitionOf(region)
  if (partition === undefined) return 'it is signed for something that is no region of AWS'
  const signedNames = names.split(';')
  const sent = Object.keys(headers).filter((name) => name !== 'authorization')
  // Both ways, so that what is sent on is what was signed: no more and no less.
  const unsigned = sent.find((name) => !signedNames.includes(name))
  if (unsigned !== undefined) return `its header ${unsigned} is not signed`
  if (new Set(signedNames).size !== signedNames.length || signedNames.some((name) => !sent.includes(name)))
    return 'it does not hold each header that is signed, once'
  const missing = ['host', 'x-amz-date', SERVER_ID].find((name) => !signedNames.includes(name))
  if (missing !== undefined) return `its header ${missing} is missing or not signed`
  if (headers[SERVER_ID] !== serverId) return `its ${SERVER_ID} names another server`
  // INVARIANT: the host is ours to choose; a request for any other one is refused and not sent there.
  if (headers.host !== stsHostOf(region)) return 'its host is not the STS of the region that it is signed for'
  const signedAtMs = readDate(headers['x-amz-date'] ?? '', day)
  if (signedAtMs === undefined) return 'its x-amz-date is none, or not that of its signature'
  if (Math.abs(nowMs - signedAtMs) > CALLER_SECONDS_MAX * 1000) return 'it was signed more than five minutes from now'
  return { region, partition, headers, signedAtMs, signature }
}

const SERVER_ID = 'x-reeve-server-id'

// One writing only, so that nobody can say the same in a way that reads differently elsewhere.
const SIGNED =
  /^AWS4-HMAC-SHA256 Credential=[A-Z0-9]{16,128}\/(?<day>\d{8})\/(?<region>[a-z0-9-]{1,30})\/sts\/aws4_request, ?SignedHeaders=(?<names>[a-z0-9;-]{1,300}), ?Signature=(?<signature>[0-9a-f]{64})$/

// Every header that may be sent on, with what it may say.
const HEADERS: Readonly<Record<string, RegExp>> = {
  authorization: /^[\x20-\x7e]{1,1000}$/,
  host: /^[a-z0-9.-]{1,100}$/,
  'x-amz-date': /^\d{8}T\d{6}Z$/,
  'x-amz-security-token': /^[\x21-\x7e]{1,5000}$/,
  [SERVER_ID]: /^[\x21-\x7e]{1,500}$/,
  'x-amz-content-sha256': /^[0-9a-f]{64}$/,
  'content-type': /^application\/x-www-form-urlencoded(?:; ?charset=utf-8)?$/i,
  'content-length': /^\d{1,4}$/,
  accept: /^application\/json$/,
}

// What is said of the body can only be said of ours.
const OF_BODY: Readonly<Record<string, string>> = {
  'x-amz-content-sha256': createHash('sha256').update(CALLER_BODY).digest('hex'),
  'content-length': String(CALLER_BODY.length),
}

const readHeaders = (text: string): Readonly<Record<string, string>> | string => {
  const { headers, ...rest } = readJsonObject(text) ?? {}
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers) || Object.keys(rest).length > 0)
    return 'it is not the base64url of {"headers": {…}}'
  const read: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    const form = Object.hasOwn(HEADERS, name) ? HEADERS[name] : undefined
    if (form === undefined) return 'it holds a header that is not sent on'
    const only = Object.hasOwn(OF_BODY, name) ? OF_BODY[name] : value
    if (typeof value !== 'string' || !form.test(value) || value !== only)
      return `its header ${name} says something else than it may`
    read[name] = value
  }
  return read
}

/** ISO 8601 basic, which must name a day and a time that there are, and the day of the signature. */
const readDate = (text: string, day: string): number | undefined => {
  const [, y, m, d, h, min, s] = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(text) ?? []
  const iso = `${y}-${m}-${d}T${h}:${min}:${s}.000Z`
  const at = new Date(iso)
  return text.startsWith(`${day}T`) && !Number.isNaN(at.getTime()) && at.toISOString() === iso
    ? at.getTime()
    : undefined
}
