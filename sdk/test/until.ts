/** Waits for something that the network will bring about; fails with its name when it never comes. */
export const until = async (claim: () => boolean, name = claim.toString()): Promise<void> => {
  const startedAtMs = performance.now()
  // No bar: what never comes ends the test, and a busy machine has the time that it takes.
  while (!claim()) {
    if (performance.now() - startedAtMs > 60_000) throw new Error(`never became true: ${name}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Lets everything that is already under way in this process run on. */
export const settle = async (turns = 50): Promise<void> => {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
