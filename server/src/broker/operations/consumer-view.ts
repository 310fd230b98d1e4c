import { z } from 'zod'
import { hasMoved } from '../domain/rotation.ts'
import type { StoredConsumer } from '../store-consumer.ts'

/** From where a credential was seen in use; each part null where it is not known. */
export const ConsumerView = z.object({
  /** The running copy, as it named itself. */
  instance: z.string().nullable(),
  address: z.string().nullable(),
  firstSeenAt: z.string(),
  lastSeenAt: z.string(),
  /** Of the old credential of a rotation: when it was last seen on the new one, and not on the old one since. */
  movedAt: z.string().nullable(),
})

/** The consumers of a credential as callers see them, newest first; with those of its successor where it has one. */
export const viewConsumers = (
  stored: readonly StoredConsumer[],
  { credential, successor }: { readonly credential: string; readonly successor: string | undefined },
): z.infer<typeof ConsumerView>[] =>
  stored
    .filter((each) => each.credential === credential)
    .toSorted((a, b) => b.lastSeen - a.lastSeen)
    .map(({ instance, address, firstSeen, lastSeen }) => {
      const onNew = stored.find(
        (each) => each.credential === successor && each.instance === instance && each.address === address,
      )
      const newSeenAt = onNew?.lastSeen ?? null
      const isMoved = hasMoved({ instance, address, oldSeenAt: lastSeen, newSeenAt })
      return {
        instance: instance === '' ? null : instance,
        address: address === '' ? null : address,
        firstSeenAt: iso(firstSeen),
        lastSeenAt: iso(lastSeen),
        movedAt: isMoved && newSeenAt !== null ? iso(newSeenAt) : null,
      }
    })

const iso = (ms: number): string => new Date(ms).toISOString()
