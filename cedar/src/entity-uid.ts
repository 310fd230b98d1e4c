/** The name of one entity: a type such as `Reeve::Identity`, and an id that may hold any characters. */
export interface EntityUid {
  type: string
  id: string
}

/**
 * The entity's name as one string, different for different entities.
 *
 * INVARIANT: injective. The id is quoted and escaped as JSON, so its opening quote is the last unescaped one but one.
 */
export const uidText = (uid: EntityUid): string => `${uid.type}::${JSON.stringify(uid.id)}`
