import { allowedBy, readAllowComments } from './allow-comments.ts'
import { scannedFile } from './file.ts'
import { detect } from './sources/secrets/detect.ts'

/** A secret in a text: where, and what kind it is of. The secret itself is never told. */
export interface SecretPlace {
  readonly line: number
  readonly title: string
}

/** The places of a text that hold a secret, but for those that a comment beside them allows. */
export const secretsIn = (path: string, text: string): readonly SecretPlace[] => {
  const file = scannedFile({ path, repository: '', repositoryPath: path }, Buffer.from(text))
  const isAllowed = allowedBy(readAllowComments(file))
  return detect(file.bytes, () => file.latin1(), { isProgram: false })
    .map(({ detector, found }) => ({ id: detector.id, line: file.lineAt(found.start), title: detector.title }))
    .filter(({ id, line }) => isAllowed(`secrets/${id}`, line) === undefined)
    .map(({ line, title }) => ({ line, title }))
}
