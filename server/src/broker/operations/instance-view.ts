import { z } from 'zod'
import type { Instance } from '../store-instance.ts'

/** The name of an instance as input. */
export const InstanceName = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\x21-\x7e]+$/)

/** An instance as callers see it. */
export const InstanceView = z.object({
  identity: z.string(),
  instance: z.string(),
  state: z.enum(['active', 'quarantined']),
  firstSeenAt: z.string(),
  lastSeenAt: z.string(),
  stateReason: z.string().nullable(),
  actions: z.array(z.enum(['quarantine', 'release'])),
})

/** A stored instance as callers see it. */
export const viewInstance = (instance: Instance): z.infer<typeof InstanceView> => ({
  identity: instance.identity,
  instance: instance.instance,
  state: instance.state,
  firstSeenAt: new Date(instance.firstSeen).toISOString(),
  lastSeenAt: new Date(instance.lastSeen).toISOString(),
  stateReason: instance.stateReason,
  actions: instance.state === 'active' ? ['quarantine'] : ['release'],
})
