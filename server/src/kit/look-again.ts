/**
 * What a first look found, and how to look again: only where the memory that is looked at moved on since. INVARIANT: how
 * far memory is true is taken before each look, so that what it learns meanwhile, by whomever, is looked at the next time.
 */
export const lookAgain = async <T>(
  look: () => Promise<T>,
  applied: () => number,
): Promise<{ readonly found: T; readonly stillProven: () => Promise<void> | undefined }> => {
  let lookedAt = applied()
  const found = await look()
  const again = async (at: number): Promise<void> => {
    await look()
    lookedAt = at
  }
  return { found, stillProven: () => (applied() === lookedAt ? undefined : again(applied())) }
}
