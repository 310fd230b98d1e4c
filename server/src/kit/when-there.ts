/** What mostly is there at once: from memory, or later from wherever it has to be read. */
export type MaybeLater<T> = T | Promise<T>

/** Goes on with a value, in the same turn where it is there: each promise that nobody has to wait for costs a turn of its own. */
export const whenThere = <T, R>(value: MaybeLater<T>, goOn: (value: T) => MaybeLater<R>): MaybeLater<R> =>
  value instanceof Promise ? value.then(goOn) : goOn(value)
