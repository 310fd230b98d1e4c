import type { ScannedFile } from '../../file.ts'
import { isObject, parseJson } from '../../json-value.ts'
import type { Problem } from '../../report.ts'
import type { Source, SourceAnswer } from '../../source.ts'
import { placesIn } from './places.ts'
import { isEncryptedState, readState } from './read-state.ts'
import { environmentOf, terraformSightings } from './sightings.ts'

/** State files and plans of Terraform and OpenTofu: the identities that they made, and the secrets that they keep. */
export const terraformStateSource: Source = {
  name: 'terraform-state',
  standing: 'declared',
  wants: (file) => isStateFile(file) || (file.extension === 'json' && file.bytes.includes('"terraform_version"')),
  read(file, tools): SourceAnswer {
    const named = (reason: Problem['reason'], detail: string): SourceAnswer => ({
      sightings: [],
      problems: isStateFile(file) ? [{ path: file.path, reason, detail }] : [],
    })
    if (file.bytes.length === 0) return named('bad-json', 'the file is empty')
    const root = parseJson(file.text())
    if (!isObject(root)) return named('bad-json', 'broken JSON')
    if (isEncryptedState(root)) return named('incomplete', 'an encrypted state: nothing of it can be read')
    const state = readState(root)
    if (!state) return named('bad-json', 'no state of Terraform')
    const { sightings, problems } = terraformSightings(state, {
      file,
      tools,
      places: placesIn(file),
      environment: environmentOf(file),
      secretTrait: 'terraform:secret-in-state',
      addressOf: ({ address }) => ({ key: `terraform:${file.repository}:${file.repositoryPath}#${address}` }),
    })
    const detail = `more resources than are read: ${state.leftOut} left out`
    return {
      sightings,
      problems: [...problems, ...(state.leftOut > 0 ? [{ path: file.path, reason: 'too-many' as const, detail }] : [])],
    }
  },
}

const isStateFile = ({ baseName }: ScannedFile): boolean => /\.tfstate(?:\.backup|\.\d{1,20}\.backup)?$/.test(baseName)
