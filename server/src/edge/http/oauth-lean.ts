import { isAscii } from 'node:buffer'
import type { Socket } from 'node:net'
import type { OAuthRequest } from '../../broker/index.ts'
import type { Clock } from '../../kit/clock.ts'
import { type Random, timedId } from '../../kit/random.ts'
import { sourceFrom, traceparentOf } from './authenticate.ts'
import type { ClientCertificates } from './client-certificates.ts'
import type { Door, LeanRequest } from './door.ts'
import { isForm, readForm } from './form.ts'
import { createLeanAnswer, type LeanReply } from './lean-answer.ts'
import { DEVICE_GRANT } from './logins.ts'
import type { Metrics } from './metrics.ts'
import { countedOnce, FORM_BYTES_MAX, type OAuthParts, oauthEndpoints } from './oauth-endpoints.ts'
import type { Regions } from './regions.ts'

/** What the lean way stands on besides what the endpoints do. */
export interface OAuthLeanParts extends OAuthParts {
  readonly clock: Clock
  readonly random: Random
  readonly metrics: Pick<Metrics, 'requestSeconds'>
  readonly regions: Regions
  readonly certificates: ClientCertificates
  /** Whether anything may be answered at all. */
  mayServe(): boolean
}

/** The OAuth endpoints as most ask them: a form without fault. What cannot be read is the routes' to refuse. */
export const openOAuth = (door: Door, parts: OAuthLeanParts): void => {
  const { clock, random, failures, certificates } = parts
  const sourceOf = createSources(parts.regions)
  for (const { path, answer, failure } of oauthEndpoints(parts)) {
    const send = createLeanAnswer(path, parts)
    if (LIMITED.includes(path))
      door.limit(path, {
        bodyBytesMax: FORM_BYTES_MAX,
        mayPass: isLogin,
        refuse: (fault, response) => {
          const requestId = timedId(random, 'req', clock.now())
          send(failure(fault, requestId), { response, startedMs: clock.monotonicMs(), name: requestId })
        },
      })
    door.open(path, READABLE, (asked, response) => {
      const form = parts.mayServe() ? formOf(asked) : undefined
      if (form === undefined) return false
      const requestId = timedId(random, 'req', clock.now())
      const reply: LeanReply = { response, startedMs: clock.monotonicMs(), name: requestId }
      const { source, remembered } = sourceOf(asked)
      const oauth = {
        form,
        authorization: asked.authorization,
        dpop: asked.dpop,
        // What a proxy says of one is a header that the door does not take.
        certificate: certificates.of({ socket: asked.socket, headers: {} }),
        source,
        remembered,
        requestId,
        traceparent: traceparentOf(asked.traceparent),
        failed: countedOnce(failures, asked.ip),
      }
      answer(oauth, asked.accept)
        .then((answered) => send(answered, reply))
        .catch((error: unknown) => send(failure(error, requestId), reply))
      return true
    })
  }
}

// INVARIANT: nothing that stops something is one of these.
const LIMITED: readonly string[] = ['/oauth/token', '/oauth/introspect']

// Whoever logs in may be about to stop something.
const isLogin = (body: Buffer): boolean => {
  const form = readForm(body.toString('latin1'))
  return isForm(form) && form.get('grant_type') === DEVICE_GRANT
}

// The second is how `fetch` writes it.
const FORM_TYPE = 'application/x-www-form-urlencoded'
const READABLE = { types: [FORM_TYPE, `${FORM_TYPE};charset=UTF-8`], bodyBytesMax: FORM_BYTES_MAX }

// What is no ASCII should have been escaped; how it is mended is the framework's affair.
const formOf = ({ body }: LeanRequest): ReadonlyMap<string, string> | undefined => {
  const form = isAscii(body) ? readForm(body.toString('latin1')) : undefined
  return form !== undefined && isForm(form) ? form : undefined
}

type Source = OAuthRequest['source']

interface KnownSource {
  readonly ip: string
  readonly userAgent: string | undefined
  readonly region: string | null
  readonly source: Source
  readonly remembered: NonNullable<OAuthRequest['remembered']>
}

/** Where requests come from; whoever keeps a connection open comes from the same place again. */
const createSources = (regions: Regions): ((asked: LeanRequest) => Pick<OAuthRequest, 'source' | 'remembered'>) => {
  const ofSocket = new WeakMap<Socket, KnownSource>()
  return ({ socket, ip, userAgent }) => {
    const region = regions.of(ip)
    const last = ofSocket.get(socket)
    const isSame = last?.ip === ip && last.userAgent === userAgent && last.region === region
    const known = isSame ? last : { ip, userAgent, region, source: sourceFrom(ip, region, userAgent), remembered: {} }
    if (known !== last) ofSocket.set(socket, known)
    return known
  }
}
