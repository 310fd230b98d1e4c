import type { Clock } from '@reeve/sdk'

/** A line that says how far a scan is, drawn over itself; `end` takes it away. */
export interface ScanProgress {
  onFile(): void
  end(): void
}

/** Draws at most ten times a second: files, files a second, and how long it takes at that pace. */
export const scanProgress = (files: number, clock: Clock, write: (text: string) => void): ScanProgress => {
  const startedAtMs = clock.monotonicMs()
  let opened = 0
  let drawnAtMs = startedAtMs
  let isDrawn = false
  return {
    onFile() {
      opened += 1
      const nowMs = clock.monotonicMs()
      if (nowMs - drawnAtMs < DRAW_EVERY_MS) return
      drawnAtMs = nowMs
      isDrawn = true
      const aSecond = (opened / (nowMs - startedAtMs)) * 1000
      const leftSeconds = Math.ceil(Math.max(0, files - opened) / aSecond)
      const share = files === 0 ? 1 : Math.min(1, opened / files)
      const bar = '#'.repeat(Math.round(share * BAR_CHARS)).padEnd(BAR_CHARS, '.')
      write(`\r\u001b[2K[${bar}] ${opened} of ${files} files, ${Math.round(aSecond)} files/s, ${leftSeconds} s left`)
    },
    end() {
      if (isDrawn) write('\r\u001b[2K')
    },
  }
}

const DRAW_EVERY_MS = 100
const BAR_CHARS = 24
