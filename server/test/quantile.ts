/** The value below which this part of the numbers lies. */
export const quantile = (numbers: readonly number[], part: number): number => {
  const sorted = [...numbers].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}
