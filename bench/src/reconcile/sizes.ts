import { parseArgs } from 'node:util'

/** How large the register is, and how much of it a scan saw, as the words of the command say; refused where that says nothing. */
export const sizesGiven = (): { readonly identities: number; readonly sightings: number } => {
  const { values } = parseArgs({
    options: {
      identities: { type: 'string', default: '100000' },
      sightings: { type: 'string', default: '50000' },
      seconds: { type: 'string', default: '0' },
    },
  })
  const identities = Number(values.identities)
  const sightings = Number(values.sightings)
  if (!(identities >= 1000)) throw new RangeError('--identities is a number of at least 1000')
  if (!(sightings >= 500)) throw new RangeError('--sightings is a number of at least 500')
  return { identities, sightings }
}
