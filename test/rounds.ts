/**
 * How many rounds a test with random input runs: as many as the trust bar names where REEVE_TEST_ROUNDS is `full`, as
 * in CI, and fewer where somebody waits. Never fewer kinds of input; of a list of cases a part only where it is long, spread
 * over the whole list, and where CI runs all of it. `every` is for what takes longer than a CI run may: before a release,
 * by hand (CONTRIBUTING.md, Tests).
 */
export const rounds = (given: { readonly quick: number; readonly full: number; readonly every?: number }): number => {
  const { REEVE_TEST_ROUNDS: asked } = process.env
  if (asked === 'every') return given.every ?? given.full
  return asked === 'full' ? given.full : given.quick
}
