import type { ScannedFile } from '../../file.ts'
import { textOf } from '../../json-value.ts'
import type { Location } from '../../report.ts'
import type { StateResource } from './read-state.ts'

/** Where things of a state stand in its file. */
export interface Places {
  of(resource: StateResource): Location
  /** `resource`: what has it. */
  ofText(text: string, resource?: StateResource): Location | undefined
}

/** Finds places by the values that stand there: the parser of JSON tells no lines. */
export const placesIn = (file: ScannedFile): Places => {
  const lines = new Map<string, number>()
  for (const match of file.latin1().matchAll(/"(?:arn|id|address)"[ \t]{0,8}:[ \t]{0,8}"([^"\\\n]{1,700})"/g)) {
    const [, value = ''] = match
    if (!lines.has(value)) lines.set(value, file.lineAt(match.index))
  }
  // Each of these is a search through the whole file.
  let searchesLeft = SEARCHES_MAX
  return {
    of: ({ attributes, address }) =>
      file.at(
        ['arn', 'id'].map((name) => lines.get(textOf(attributes, name))).find((line) => line !== undefined) ??
          lines.get(address) ??
          1,
      ),
    ofText(text) {
      searchesLeft -= 1
      const at = searchesLeft < 0 ? -1 : file.bytes.indexOf(JSON.stringify(text).slice(1, -1))
      return at === -1 ? undefined : file.at(file.lineAt(at))
    },
  }
}

const SEARCHES_MAX = 200
