import { SKIPPED_FOLDERS } from './scan.ts'
import { walk } from './walk.ts'

/** How many files a scan of these paths will open, for a progress line; nothing is read. */
export const countFiles = async (paths: readonly string[]): Promise<number> => {
  let files = 0
  for (const { type } of walk(paths, { depthMax: 128, skipFolders: new Set(SKIPPED_FOLDERS) }))
    if (type === 'file') files += 1
  return files
}
