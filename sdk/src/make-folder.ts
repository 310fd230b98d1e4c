import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a folder and those above it, for its owner alone unless another mode is given. The runtime's own way does not come back where the system says
 * of a folder that is there that nothing can be in it, as below `/proc`.
 *
 * @example
 * makeFolder('/var/lib/orders/reports')
 */
export const makeFolder = (folder: string, mode = 0o700): void => {
  const above = dirname(folder)
  if (above !== folder && !isFolder(above)) makeFolder(above, mode)
  try {
    mkdirSync(folder, { mode })
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (!isFolder(folder)) throw error
  }
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
