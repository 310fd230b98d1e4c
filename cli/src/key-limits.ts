import { CommandError } from './exit-code.ts'
import { wholeNumber } from './whole-number.ts'

/** The flags that say what an API key, or a secret that signs webhooks, is limited to. */
export interface KeyLimitFlags {
  readonly kind?: string
  readonly for?: string
  readonly action?: string[]
  readonly network?: string[]
  readonly ratePerMinute?: string
}

/** What kind of secret is asked for, with the limits of an API key. */
export const secretOf = (flags: KeyLimitFlags) => {
  const { kind = 'client-secret', for: resource, action: actions, network: networks, ratePerMinute: rate } = flags
  if (kind === 'client-secret') return { kind } as const
  if (kind === 'bound-key') return { kind } as const
  if (kind !== 'api-key' && kind !== 'webhook-secret')
    throw new CommandError(`--kind ${kind} is no secret`, {
      next: 'give client-secret, api-key, webhook-secret or bound-key',
    })
  const isKey = kind === 'api-key'
  if (resource === undefined || actions === undefined)
    throw new CommandError(
      `${isKey ? 'an API key' : 'a secret that signs webhooks'} is for one resource and some of its actions`,
      { next: `give --for URI and --action NAME${isKey ? ', and --network CIDR where it is used' : ''}` },
    )
  if (!isKey && (networks !== undefined || rate !== undefined))
    throw new CommandError('--network and --rate-per-minute are of API keys', {
      next: 'leave them out: whoever takes the webhooks sees where they come from',
    })
  return {
    kind,
    resource,
    actions,
    ...(networks === undefined ? {} : { networks }),
    ...(rate === undefined ? {} : { ratePerMinute: wholeNumber('--rate-per-minute', rate, 1, 1_000_000) }),
  } as const
}

/** Limits are of two kinds of secret: of another kind of credential they would be lost without a word. */
export const mustBeOfKey = (flags: KeyLimitFlags, isSecret: boolean, otherKinds: readonly string[]): void => {
  const isLimited = LIMITS.some((name) => flags[name] !== undefined)
  const mayBeLimited = isSecret && (flags.kind === 'api-key' || flags.kind === 'webhook-secret')
  if (isLimited && !mayBeLimited)
    throw new CommandError('--for, --action, --network and --rate-per-minute are of API keys and of webhooks', {
      next: 'give --kind api-key or --kind webhook-secret with --secret or --new-secret FILE',
    })
  if (flags.kind !== undefined && !isSecret && !otherKinds.includes(flags.kind))
    throw new CommandError(`--kind ${flags.kind} is of a secret`, {
      next: `give --secret or --new-secret FILE with it, or --kind ${otherKinds.join(' or ')}`,
    })
}

const LIMITS = ['for', 'action', 'network', 'ratePerMinute'] as const
