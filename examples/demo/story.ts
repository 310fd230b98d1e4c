/** Tells a story at a terminal: steps with a heading, the command that does each, what it printed, and what was checked. */
export interface Story {
  step(title: string): void
  /** What a person would type. */
  command(text: string): void
  output(text: string): void
  say(text: string): void
  /** Tells whether something came out as told; a story with a false one ends badly. */
  check(claim: string, isTrue: boolean): void
  failures(): readonly string[]
}

/** A story of this many steps, written to `write`. */
export const createStory = (steps: number, write: (text: string) => void): Story => {
  let at = 0
  const failed: string[] = []
  return {
    step: (title) => {
      at++
      write(`\n[${at}/${steps}] ${title}\n`)
    },
    command: (text) => write(`  $ ${text}\n`),
    output: (text) => write(`${text.replace(/\n+$/, '').replace(/^/gm, '    ')}\n`),
    say: (text) => write(`  ${text}\n`),
    check: (claim, isTrue) => {
      if (!isTrue) failed.push(claim)
      write(`  ${isTrue ? '✓' : '✗ NOT SO:'} ${claim}\n`)
    },
    failures: () => failed,
  }
}
