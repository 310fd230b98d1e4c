import type { Named } from './workflow.ts'

/** The expressions `${{ … }}` of a text, each with its line. */
export const expressionsOf = ({ name: text, line }: Named): Named[] => {
  const found: Named[] = []
  let lineNow = line
  let counted = 0
  for (let at = text.indexOf('${{'); at !== -1; at = text.indexOf('${{', at + 3)) {
    const end = text.indexOf('}}', at)
    if (end === -1) break
    for (; counted < at; counted += 1) if (text[counted] === '\n') lineNow += 1
    found.push({ name: text.slice(at + 3, Math.min(end, at + 2000)), line: lineNow })
  }
  return found
}

/** The secrets that texts name, each once, at the first place; the automatic token is not one of them. */
export const secretsOf = (texts: readonly Named[]): Named[] => {
  const found = new Map<string, Named>()
  for (const text of texts) {
    for (const expression of expressionsOf(text)) {
      for (const match of expression.name.matchAll(SECRET)) {
        const name = (match[1] ?? match[2] ?? '').toUpperCase()
        if (name !== 'GITHUB_TOKEN' && !found.has(name)) found.set(name, { name, line: expression.line })
      }
    }
  }
  return [...found.values()]
}

/** Where a job takes all secrets at once. */
export const takesAllSecrets = (texts: readonly Named[]): Named | undefined =>
  texts.flatMap(expressionsOf).find(({ name }) => ALL_SECRETS.test(name))

/** Expressions that hold text which anybody may write: a title, a branch name, a comment. */
export const untrustedInputsOf = (text: Named): Named[] =>
  expressionsOf(text)
    .filter(({ name }) => UNTRUSTED.test(name))
    .map(({ name, line }) => ({ name: name.trim(), line }))

const SECRET = /\bsecrets(?:\.([A-Za-z_]\w{0,100})|\[['"]([A-Za-z_]\w{0,100})['"]\])/g
// A secret whose name is worked out as the job runs may be any of them: all are handed to it.
const ALL_SECRETS = /\btoJSON\([ \t]{0,4}secrets[ \t]{0,4}\)|\bsecrets[ \t]{0,4}\[[ \t]{0,4}[^'"\s]/i

// GitHub, "Security hardening": fields of an event whose text its author chooses.
const UNTRUSTED =
  /\bgithub\.(?:head_ref|event\.(?:issue\.(?:title|body)|pull_request\.(?:title|body|head\.(?:ref|label)|head\.repo\.default_branch)|comment\.body|review\.body|review_comment\.body|discussion\.(?:title|body)|pages\.[^ ]{0,40}page_name|commits[^ ]{0,40}(?:message|author\.(?:name|email))|head_commit\.(?:message|author\.(?:name|email))|workflow_run\.(?:head_branch|head_commit\.[^ ]{0,40}|display_title)))/
