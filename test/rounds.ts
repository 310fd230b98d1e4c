/**
 * How many rounds a test with random input runs: as many as the trust bar names where REEVE_TEST_ROUNDS is `full`, as
 * in CI, and fewer where somebody waits. Never fewer kinds of input; of a list of cases a part only where it is long, spread
 * over the whole list, and where CI runs all of it.
 */
export const rounds = (given: { readonly quick: number; readonly full: number }): number =>
  process.env.REEVE_TEST_ROUNDS === 'full' ? given.full : given.quick
