import { setImmediate as nextTurn } from 'node:timers/promises'

/** Does work that pauses: so many steps at a turn of the event loop, and everybody else is served between. */
export const inTurns = async <Result>(work: Generator<undefined, Result>, stepsPerTurn: number): Promise<Result> => {
  for (let steps = 1; ; steps++) {
    const step = work.next()
    if (step.done) return step.value
    if (steps % stepsPerTurn === 0) await nextTurn()
  }
}
