import { guessEnvironment } from '../../environment.ts'
import type { ScannedFile } from '../../file.ts'
import type { SightingDraft, Source } from '../../source.ts'
import { openDoorTraits, settingReaches, settingTraits } from '../settings.ts'
import { parseEnv } from './parse-env.ts'

/** `.env` files: whatever is started with one is a service, and holds what the file gives it. */
export const envSource: Source = {
  name: 'env',
  wants: isEnvFile,
  read(file, tools) {
    const { settings, badLines } = parseEnv(file.text())
    const named = settings.map(({ name, value, line }) => ({ name, value, where: file.at(line) }))
    const user = named.find(({ name }) => /(?:^|_)(?:USER|USERNAME)$/i.test(name))?.value ?? ''
    const traits = named.flatMap((setting) => [...settingTraits(setting, tools, user), ...openDoorTraits(setting)])
    const reaches = named.flatMap(settingReaches)
    const first = badLines[0]
    const problems =
      first === undefined
        ? []
        : [
            {
              path: file.path,
              reason: 'bad-line' as const,
              detail: `${badLines.length} ${badLines.length === 1 ? 'line is' : 'lines are'} no assignment`,
              line: first,
            },
          ]
    // Settings alone are no identity: only what proves itself, or reaches something, is one.
    if (traits.length === 0 && reaches.length === 0) return { sightings: [], problems }
    const sighting: SightingDraft = {
      kind: 'service',
      name: nameOf(file),
      stableKey: `env:${file.repository}:${file.repositoryPath}`,
      where: file.at(1),
      reaches,
      evidence: [`${settings.length} settings in ${file.baseName}`],
      environment: guessEnvironment([
        { name: file.baseName, what: "the file's name" },
        { name: settings.find(({ name }) => ENVIRONMENT_NAMES.has(name))?.value ?? '', what: 'a setting' },
        { name: file.repositoryPath, what: 'the path' },
      ]),
      traits,
    }
    return { sightings: [sighting], problems }
  },
}

function isEnvFile({ baseName }: ScannedFile): boolean {
  return /^\.env(?:\.[\w.-]{1,60})?$|\.env$|^\.envrc$/.test(baseName)
}

const ENVIRONMENT_NAMES = new Set(['NODE_ENV', 'APP_ENV', 'RAILS_ENV', 'ENVIRONMENT', 'ENV', 'DJANGO_ENV', 'GO_ENV'])

const nameOf = (file: ScannedFile): string => {
  const folder = file.repositoryPath.split('/').slice(0, -1).join('/')
  return `${file.repository}${folder ? `/${folder}` : ''} (${file.baseName})`
}
