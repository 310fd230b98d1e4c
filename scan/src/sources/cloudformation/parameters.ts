import { guessEnvironment } from '../../environment.ts'
import type { ScannedFile } from '../../file.ts'
import type { SightingDraft, SourceTools } from '../../source.ts'
import type { YamlValue } from '../../yaml-file.ts'
import { isGuessable } from '../secrets/assignment.ts'
import { isPlaceholder } from '../secrets/placeholder.ts'
import { isPublishedExample } from '../secrets/published-examples.ts'

/** Parameters that no console shows (`NoEcho`), and whose value whoever reads the template has nevertheless. */
export const secretParameters = (
  root: YamlValue,
  key: (id: string) => string,
  file: ScannedFile,
  tools: SourceTools,
): SightingDraft[] =>
  (root.get('Parameters')?.entries() ?? []).flatMap(({ key: id, value }): SightingDraft[] => {
    const preset = value.get('Default')
    const text = preset?.text ?? ''
    if (value.get('NoEcho')?.text !== 'true' || text === '' || !isValue(value.get('Type')?.text, text)) return []
    const where = file.at(preset?.textLine ?? value.line)
    const detail = `Default of the parameter ${id}`
    return [
      {
        kind: 'account',
        name: `parameter ${id} of ${file.baseName}`,
        stableKey: key(id),
        where,
        reaches: [],
        evidence: [`${id} is a parameter that is not shown, with a value in the template`],
        environment: guessEnvironment([
          { name: id, what: "the parameter's name" },
          { name: file.repositoryPath, what: 'the path' },
        ]),
        traits: [
          isGuessable(text)
            ? { trait: 'guessable-password', detail, where }
            : {
                trait: 'secret-in-settings',
                detail,
                where,
                credential: tools.seal(text, { type: 'password', provider: 'aws' }),
              },
        ],
      },
    ]
  })

// The name of a value in the parameter store is none, nor is a reference, or what only stands for a value.
const isValue = (type: string | undefined, text: string): boolean =>
  !(type ?? '').startsWith('AWS::') &&
  !text.includes('{{resolve:') &&
  (isGuessable(text) || (!isPlaceholder(text) && !isPublishedExample(text)))
