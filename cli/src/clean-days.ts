const DAY_MS = 24 * 60 * 60 * 1000

/** Whole days without a refusal that was only reported. Nobody knows what was before the days that were looked at. */
export const cleanDays = (
  { since, lastRefusalAt }: { readonly since: string; readonly lastRefusalAt: string | null },
  { days, now }: { readonly days: number; readonly now: Date },
): number => {
  const from = lastRefusalAt ?? since
  return Math.min(days, Math.max(0, Math.floor((now.getTime() - new Date(from).getTime()) / DAY_MS)))
}
