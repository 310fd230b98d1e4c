import { z } from 'zod'
import type { KeyLimits } from '../domain/key-limits.ts'
import { isNetwork } from '../domain/network.ts'
import { fault } from '../faults.ts'
import type { Decisions } from '../room.ts'

const NETWORKS_MAX = 50
const ACTIONS_MAX = 100
const RATE_MAX = 1_000_000

/** What an API key, or a secret that signs webhooks, is limited to, as input; other kinds of credential have none of it. */
export const KeyLimitsInput = {
  /** The URI of the one resource that an API key is for, or that takes the webhooks. */
  resource: z.string().min(1).max(500).optional(),
  /** What an API key or a webhook may do there, of the actions that the resource offers. */
  actions: z.array(z.string().min(1).max(128)).min(1).max(ACTIONS_MAX).optional(),
  /** From where an API key may be used: addresses and CIDR ranges, IPv4 and IPv6. */
  networks: z
    .array(
      z
        .string()
        .max(50)
        .refine(isNetwork, 'must be an address or a CIDR range such as 10.1.0.0/16, of /8 or smaller, without a zone'),
    )
    .max(NETWORKS_MAX)
    .optional(),
  /** How often an API key may be used in a minute, at each replica of the server. */
  ratePerMinute: z.int().min(1).max(RATE_MAX).optional(),
}

/** The limits of a key as callers see them. */
export const KeyLimitsView = z.object({
  resource: z.string(),
  audience: z.string(),
  actions: z.array(z.string()),
  networks: z.array(z.string()),
  ratePerMinute: z.int().nullable(),
})

interface Asked {
  readonly kind: string
  readonly resource?: string | undefined
  readonly actions?: readonly string[] | undefined
  readonly networks?: readonly string[] | undefined
  readonly ratePerMinute?: number | undefined
}

/**
 * Reads the limits of an API key or of what signs webhooks, which must name a resource and actions of it; of another kind
 * there must be none. Whoever takes webhooks sees itself from where they come and how many.
 */
export const readKeyLimits = (asked: Asked, decisions: Pick<Decisions, 'resource'>): KeyLimits | undefined => {
  const { resource: uri, actions, networks, ratePerMinute } = asked
  const isOfWebhooks = asked.kind === 'webhook-secret'
  if (asked.kind !== 'api-key' && !isOfWebhooks) {
    const isLimited = [uri, actions, networks, ratePerMinute].some((limit) => limit !== undefined)
    if (isLimited) throw fault('api_key_limits_wrong', { about: `a ${asked.kind} has none` })
    return undefined
  }
  if (uri === undefined || actions === undefined) throw fault('api_key_limits_wrong')
  if (isOfWebhooks && (networks !== undefined || ratePerMinute !== undefined))
    throw fault('api_key_limits_wrong', { about: 'a webhook-secret has no networks and no rate' })
  const resource = decisions.resource(uri)
  if (resource === undefined) throw fault('resource_not_registered')
  const unknown = actions.filter((action) => !resource.actions.includes(action))
  if (unknown.length > 0) throw fault('scope_malformed', { about: `it offers ${resource.actions.join(', ')}` })
  return {
    resource: resource.id,
    audience: resource.uri,
    actions: [...new Set(actions)],
    networks: [...new Set(networks)],
    ratePerMinute: ratePerMinute ?? null,
  }
}
