import { z } from 'zod'
import { addressBlock } from '../../kit/address-block.ts'
import { type Outbound, OutboundError } from '../../kit/fetch.ts'
import { leavePlace } from '../../kit/place.ts'
import { type AwsPrincipal, readCallerArn } from '../domain/aws-arn.ts'
import { type AwsCaller, CALLER_BODY } from '../domain/aws-caller.ts'
import { stsHostOf } from '../domain/aws-region.ts'

/** Who AWS says that the signer of a request is. */
export interface AwsIdentity extends AwsPrincipal {
  /** As IAM knows it, with the session behind a colon. */
  readonly userId: string
}

/** Why AWS did not say it: it refused the request, or could not be asked. */
export interface AwsSilence {
  readonly state: 'forged' | 'unreachable'
  readonly why: string
}

/** Asks STS who signed a request. */
export interface AwsSts {
  /** `from` is the address that asks this server. */
  ask(caller: AwsCaller, from: string | null): Promise<AwsIdentity | AwsSilence>
}

// However many come at once: no more than this wait for STS, so that nobody can make this server a flood; and of one
// address fewer, so that nobody who sends forged requests takes every place.
const ASKING_MAX = 64
const ASKING_MAX_EACH = 16

/** The way to the STS of each region; `urlOf` names another address of it, such as a VPC endpoint. */
export const createAwsSts = (
  outbound: Pick<Outbound, 'postForm'>,
  urlOf: (region: string) => string = (region) => `https://${stsHostOf(region)}/`,
): AwsSts => {
  let asking = 0
  const asked = new Map<string, number>()
  return {
    ask: async ({ region, partition, headers }, from) => {
      const block = addressBlock(from ?? '')
      const ofBlock = asked.get(block) ?? 0
      if (asking >= ASKING_MAX || ofBlock >= ASKING_MAX_EACH)
        return { state: 'unreachable', why: 'too many callers are being looked up' }
      asking++
      asked.set(block, ofBlock + 1)
      leavePlace()
      try {
        const { value } = await outbound.postForm(urlOf(region), {
          headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8', ...headers },
          body: CALLER_BODY,
        })
        return readAnswer(value, partition)
      } catch (error) {
        if (error instanceof OutboundError) return silenceOf(error)
        throw error
      } finally {
        asking--
        const left = (asked.get(block) ?? 1) - 1
        if (left > 0) asked.set(block, left)
        else asked.delete(block)
      }
    },
  }
}

// What STS says of a request whose signature, time or credentials it does not take. When it is busy, or is not there, that
// says nothing of the request.
const silenceOf = ({ status = 0, message }: OutboundError): AwsSilence =>
  [400, 401, 403].includes(status)
    ? { state: 'forged', why: `STS does not take it (status ${status})` }
    : { state: 'unreachable', why: `STS: ${message}` }

const Answer = z.object({
  GetCallerIdentityResponse: z.object({
    GetCallerIdentityResult: z.object({
      Account: z.string().max(12),
      Arn: z.string().max(2048),
      UserId: z.string().regex(/^[\w+=,.@:-]{1,200}$/),
    }),
  }),
})

const readAnswer = (value: unknown, partition: AwsCaller['partition']): AwsIdentity | AwsSilence => {
  const read = Answer.safeParse(value)
  if (!read.success) return { state: 'unreachable', why: 'STS: its answer is not that of GetCallerIdentity' }
  const { Account, Arn, UserId } = read.data.GetCallerIdentityResponse.GetCallerIdentityResult
  const principal = readCallerArn(Arn)
  if (principal === undefined) return { state: 'forged', why: 'the caller is neither a role nor a user' }
  if (principal.account !== Account || principal.partition !== partition)
    return { state: 'forged', why: 'STS names a caller of another account or partition' }
  return { ...principal, userId: UserId }
}
