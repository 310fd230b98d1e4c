/**
 * How many rounds a test with random input runs: as many as the trust bar names where REEVE_TEST_ROUNDS is `full`, as
 * in CI, and fewer where somebody waits. Never fewer kinds of input, and never for a list of cases, unless all of it runs
 * on the other engine and no case of it comes as far as the database.
 */
export const rounds = (given: { readonly quick: number; readonly full: number }): number =>
  process.env.REEVE_TEST_ROUNDS === 'full' ? given.full : given.quick
