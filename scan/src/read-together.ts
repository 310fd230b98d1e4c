import { readAllowComments } from './allow-comments.ts'
import { type ScannedFile, scannedFile } from './file.ts'
import { type KeptFile, nothingShown, type ReadSettings, type Shown } from './read-batch.ts'
import { printable, redacting } from './redacting.ts'
import type { Problem } from './report.ts'
import type { ReadGroup, Source } from './source.ts'

/** Lets each source that reads files together read those that it wanted, group by group. */
export const readTogether = (kept: readonly KeptFile[], { salt, now, sources }: ReadSettings): Shown => {
  const shown = nothingShown()
  for (const source of sources) {
    const files = kept
      .filter((file) => file.sources.includes(source.name))
      .map(({ text, ...names }) => scannedFile(names, Buffer.from(text)))
    if (!source.readTogether || files.length === 0) continue
    for (const read of groupsOf(source, files, shown.problems)) {
      const door = redacting(salt)
      try {
        const answer = read({ seal: door.seal, now })
        for (const draft of answer.sightings) shown.sightings.push({ source: source.name, draft: door.sighting(draft) })
        for (const problem of answer.problems) shown.problems.push(door.problem(problem))
        for (const fact of answer.facts ?? []) shown.facts.push({ source: source.name, fact: door.fact(fact) })
      } catch (error) {
        shown.problems.push(door.problem(failed(source, files, error)))
      }
    }
    addAllowMarks(shown, files)
  }
  return shown
}

// Of the files in which something was seen.
const addAllowMarks = ({ sightings, allowMarks }: Shown, files: readonly ScannedFile[]): void => {
  const told = new Set(
    sightings.flatMap(({ draft }) => [draft.where, ...draft.traits.map(({ where }) => where)]).map(({ path }) => path),
  )
  for (const file of files) {
    const path = printable(file.path)
    const marks = told.has(path) ? readAllowComments(file) : new Map<number, string>()
    if (marks.size > 0) allowMarks.push([path, marks])
  }
}

// One group that fails costs the others nothing; what it threw may quote a file.
function* groupsOf(source: Source, files: readonly ScannedFile[], problems: Problem[]): Generator<ReadGroup, void> {
  try {
    yield* source.readTogether?.(files) ?? []
  } catch (error) {
    problems.push(printed(failed(source, files, error)))
  }
}

const printed = (problem: Problem): Problem => ({ ...problem, path: printable(problem.path) })

const failed = ({ name }: Source, [first]: readonly ScannedFile[], error: unknown): Problem => ({
  path: first?.path ?? '',
  reason: 'source-failed',
  detail: `source ${name} failed on files together: ${error instanceof Error ? error.name : 'an unknown error'}`,
})
