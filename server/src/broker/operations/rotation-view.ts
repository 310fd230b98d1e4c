import { z } from 'zod'
import { AT_DEADLINE } from '../domain/rotation.ts'
import { ROTATION_ENDS, ROTATION_STATES, type Rotation } from '../store-rotation.ts'

/** What becomes of the old one at the deadline, as input and as answer. */
export const AtDeadlineInput = z.enum(AT_DEADLINE)

/** A rotation as callers see it. */
export const RotationView = z.object({
  /** What `why` takes. */
  id: z.string(),
  /** The old credential. */
  predecessor: z.string(),
  /** The new one. */
  successor: z.string(),
  /** `overlap`: both work. */
  state: z.enum(ROTATION_STATES),
  startedAt: z.string(),
  startedBy: z.string().nullable(),
  deadline: z.string(),
  atDeadline: AtDeadlineInput,
  endedAt: z.string().nullable(),
  /** Null as long as it runs, and for what this server ended by itself. */
  endedBy: z.string().nullable(),
  endedBecause: z.enum(ROTATION_ENDS).nullable(),
})

/** A stored rotation as callers see it. */
export const viewRotation = (rotation: Rotation): z.infer<typeof RotationView> => ({
  id: rotation.id,
  predecessor: rotation.predecessor,
  successor: rotation.successor,
  state: rotation.state,
  startedAt: iso(rotation.startedAt),
  startedBy: rotation.startedBy,
  deadline: iso(rotation.deadline),
  atDeadline: rotation.atDeadline,
  endedAt: rotation.endedAt === null ? null : iso(rotation.endedAt),
  endedBy: rotation.endedBy,
  endedBecause: rotation.endedBecause,
})

const iso = (ms: number): string => new Date(ms).toISOString()
