import { z } from 'zod'
import { type Outbound, OutboundError } from '../../kit/fetch.ts'
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
  ask(caller: AwsCaller): Promise<AwsIdentity | AwsSilence>
}

// However many come at once: no more than this wait for STS, so that nobody can make this server a flood.
const ASKING_MAX = 64

/** The way to the STS of each region; `urlOf` names another address of it, such as a VPC endpoint. */
export const createAwsSts = (
  outbound: Pick<Outbound, 'postForm'>,
  urlOf: (region: string) => string = (region) => `https://${stsHostOf(region)}/`,
): AwsSts => {
  let asking = 0
  return {
    ask: async ({ region, partition, headers }) => {
      if (asking >= ASKING_MAX) return { state: 'unreachable', why: 'too many callers are being looked up' }
      asking++
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
