/** Every vendor that has a connector. */
export const VENDORS = [
  ...(['postgresql', 'github', 'aws', 'kubernetes', 'okta', 'slack'] as const),
  ...(['gcp', 'google-workspace', 'azure'] as const),
] as const
export type VendorName = (typeof VENDORS)[number]

/** How far a connector goes: it only looks, it shows what it would write, it writes. */
export const MODES = ['read-only', 'propose', 'enforce'] as const
export type Mode = (typeof MODES)[number]
