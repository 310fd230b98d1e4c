import { join } from 'node:path'
import { scan } from '../src/scan.ts'
import { FOLDER_LABELS } from './folder-labels.ts'
import { countsAs } from './identity-counts.ts'
import { judgeCases } from './labelled-cases.ts'

const DATA = join(import.meta.dirname, '../../../shared/data')

interface Row {
  readonly family: string
  readonly labels: number
  readonly found: number
  readonly told: number
  readonly wrong: number
}

/** Recall and precision by family of rules on the labelled cases and folders, in Markdown: what `bench/results.md` publishes. */
export const qualityTable = async (): Promise<string> =>
  [
    '| family | labels | found | told | wrong | recall | precision |',
    '|---|---|---|---|---|---|---|',
    ...[...secretRows(), ...(await identityRows())].filter(({ labels, told }) => labels + told > 0).map(line),
  ].join('\n')

const secretRows = (): Row[] => judgeCases().families.map((row) => ({ ...row, family: `secrets, ${row.family}` }))

// Of identities their number is labelled: too few are missed, too many are wrong.
const identityRows = async (): Promise<Row[]> => {
  const rows: Row[] = []
  for (const [folder, { identities }] of Object.entries(FOLDER_LABELS)) {
    if (!identities) continue
    const { sightings } = await scan([join(DATA, folder)], { salt: 'a salt for these tests only', now: NOW })
    const told = countsAs(
      identities,
      sightings.filter(({ source }) => source !== 'secrets'),
    )
    for (const what of new Set([...Object.keys(identities), ...Object.keys(told)])) {
      const [labels = 0, seen = 0] = [identities[what], told[what]]
      const family = `identities, ${what.replace(' *', '')} (${folder})`
      rows.push({ family, labels, found: Math.min(labels, seen), told: seen, wrong: Math.max(0, seen - labels) })
    }
  }
  return rows.sort((a, b) => (a.family < b.family ? -1 : 1))
}

const NOW = new Date('2026-09-01T00:00:00Z')

const line = ({ family, labels, found, told, wrong }: Row): string =>
  `| ${[family, labels, found, told, wrong, share(found, labels), share(told - wrong, told)].join(' | ')} |`

const share = (part: number, whole: number): string => (whole === 0 ? '–' : (part / whole).toFixed(3))
