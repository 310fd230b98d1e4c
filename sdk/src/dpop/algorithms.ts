/** What a proof may be signed with, as metadata and challenges name it. */
export const dpopAlgorithms: readonly string[] = ['ES256', 'EdDSA', 'Ed25519', 'RS256', 'PS256']
