import { coreFault } from '../../kit/fault.ts'

/**
 * What whoever asks for a token, about one, or for a decision is answered where too many wait (`Hot.isFull`). Made once, and
 * not recorded: either would take what there is too little of. INVARIANT: nothing that stops something is answered this.
 */
export const OVERLOADED = coreFault('overloaded', { retryAfterSeconds: 1 })
