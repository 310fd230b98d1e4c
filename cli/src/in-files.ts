import type { AccessDirectory } from './access-directory.ts'
import { CommandError } from './exit-code.ts'
import { failureOf } from './failure.ts'

/** Does the work; what a server finds wrong with a directory is told by file and line. */
export const inFilesOf = async <T>(
  { origins }: Pick<AccessDirectory, 'origins'>,
  work: () => Promise<T>,
): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    const failure = failureOf(error)
    const lines = failure.lines.map((line) => {
      const [place = '', ...rest] = line.split(': ')
      return [inFiles(place, origins), ...rest].join(': ')
    })
    const isOfFiles = lines.some((line, at) => line !== failure.lines[at])
    throw new CommandError(failure.message, {
      ...failure,
      lines,
      next: isOfFiles ? 'correct the places above; nothing was changed' : failure.next,
      cause: error,
    })
  }
}

/** `grants.0.bundle` as `grants/orders-sync.yaml:1 bundle`. */
const inFiles = (place: string, origins: AccessDirectory['origins']): string => {
  const [part = '', index = '', ...rest] = place.split('.')
  const origin = origins[part]?.[Number(index)]
  return origin === undefined || index === '' ? place : [origin, rest.join('.')].filter((one) => one !== '').join(' ')
}
