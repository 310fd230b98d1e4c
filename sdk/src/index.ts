export { type Clock, systemClock } from './clock.ts'
export { type Random, systemRandom } from './random.ts'
export { revocationTarget, revocationTargets, type ScopedTarget, type Stoppable } from './revocation-target.ts'
export * from './wire.ts'
