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
    const byPath = new Map(files.map((file) => [printable(file.path), file]))
    const told = new Set<string>()
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
    for (const { draft } of shown.sightings)
      for (const { path } of [draft.where, ...draft.traits.map(({ where }) => where)]) {
        const file = told.has(path) ? undefined : byPath.get(path)
        told.add(path)
        const marks = file && readAllowComments(file)
        if (marks && marks.size > 0) shown.allowMarks.push([path, marks])
      }
  }
  return shown
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
