import type { WrongParameter } from '../domain/wrong-parameter.ts'
import { fault } from '../faults.ts'

/** What is answered to a request that could not be read. */
export const unreadFault = (why: Parameters<typeof fault>[0] | WrongParameter) =>
  typeof why === 'string' ? fault(why) : fault('parameter_invalid', { about: why.wrongParameter })
