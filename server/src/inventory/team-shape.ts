import { z } from 'zod'
import type { Team } from './domain/identity.ts'
import { mandatory, name, readableLine } from './texts.ts'

const contact = (field: string) =>
  z
    .string(mandatory(field))
    .max(254)
    .regex(/^[^\s@\p{Cc}]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,188}$/u, `${field} is an e-mail address`)

/** What a change of a team may change. */
export const teamParticulars = {
  technicalContact: contact('technicalContact'),
  businessContact: contact('businessContact'),
  businessUnit: readableLine('businessUnit', 100),
}

/** A team as it is declared, by a call or in a file. */
export const TeamInput = z.strictObject({ name: name('name'), ...teamParticulars })

/** A team as callers see it. */
export const TeamView = z.object({
  id: z.string(),
  name: z.string(),
  technicalContact: z.string(),
  businessContact: z.string(),
  businessUnit: z.string(),
  state: z.enum(['active', 'quarantined']),
  stateReason: z.string().nullable(),
  createdBy: z.string().nullable(),
  createdAt: z.string(),
})

/** What callers see of a team. */
export const teamViewOf = ({ stateBy: _, createdAt, ...team }: Team): z.infer<typeof TeamView> => ({
  ...team,
  createdAt: createdAt.toISOString(),
})
