import { AsyncLocalStorage } from 'node:async_hooks'

/** Gives a place among those in work back; `isElsewhere` when what follows waits for somebody else's server. Good once. */
export type LeavePlace = (isElsewhere?: boolean) => void

const ofRequest = new AsyncLocalStorage<LeavePlace>()

/** Does the work of a request that has this place. */
export const inPlace = <Given extends readonly unknown[], T>(
  leave: LeavePlace,
  work: (...given: Given) => T,
  ...given: Given
): T => ofRequest.run(leave, work, ...given)

/**
 * To be called before waiting for somebody else's server: those who wait there need nothing of this one, and would else keep
 * everybody out of it. Does nothing for whoever has no place, such as a job.
 */
export const leavePlace = (): void => ofRequest.getStore()?.(true)
