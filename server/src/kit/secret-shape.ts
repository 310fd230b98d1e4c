/** The text with whatever looks like a secret cut out. */
export const withoutSecrets = (text: string): string =>
  looksSecret(text) ? text.replaceAll(ANY_EVERYWHERE, WITHHELD) : text

/** Whether the text holds anything that looks like a secret. */
export const looksSecret = (text: string): boolean => text.length >= CHARS_MIN && ANY.test(text)

const CHARS_MIN = 12
const WITHHELD = '[withheld]'

/** What it looks like, when the text holds a secret. */
export const shapeOf = (text: string): string | undefined =>
  looksSecret(text) ? SHAPES.find(([, shape]) => shape.test(text))?.[0] : undefined

// INVARIANT: each is linear in the text. A run of characters is entered at its first one only (the look-behind), and
// what is not a run is bounded. What stands for a secret (`${NAME}`, `***`, `[redacted]`, `<password>`) is none.
const START = '(?<![A-Za-z0-9_-])'
// biome-ignore lint/suspicious/noTemplateCurlyInString: a character class
const PLACEHOLDER = '(?![\\[*<${%]|(?:[xX]{3,40}|redacted|REDACTED)(?=[@\\s"\',;&]|$))'
const SHAPES: readonly (readonly [string, RegExp])[] = [
  ['a secret of this server', new RegExp(`${START}reeve_[a-z]{2}_[A-Za-z0-9_-]{20}`)],
  ['a signed token', new RegExp(`${START}eyJ[A-Za-z0-9_-]{10,4000}\\.[A-Za-z0-9_-]{4}`)],
  ['a private key', /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/],
  ['a private key', /"(?:d|p|q|dp|dq|qi|k)" ?: ?"[A-Za-z0-9_-]{20}/],
  ['a URL with a password', new RegExp(`://[^\\s/:@"']{0,200}:${PLACEHOLDER}[^\\s/@"']{1,300}@`)],
  [
    'a password',
    new RegExp(
      `(?:password|passwd|pwd|client_secret|secret_key|access_key|accountkey|api_key|apikey)["']?[=:]["']?${PLACEHOLDER}(?=[^\\s"',;&]{0,30}\\d)[^\\s"',;&]{8}`,
      'i',
    ),
  ],
  [
    "a vendor's key",
    new RegExp(
      `${START}(?:${[
        'gh[opsur]_[A-Za-z0-9]{30}',
        'github_pat_[A-Za-z0-9_]{30}',
        'glpat-[A-Za-z0-9_-]{20}',
        'xox[abeprs]-[A-Za-z0-9-]{10}',
        '[rs]k_(?:live|test)_[A-Za-z0-9]{16}',
        'sk-(?:ant|proj|svcacct)-[A-Za-z0-9_-]{20}',
        'sk-[A-Za-z0-9]{32}',
        'AIza[A-Za-z0-9_-]{35}',
        'npm_[A-Za-z0-9]{36}',
        'pypi-AgE[A-Za-z0-9_-]{20}',
        'hv[sb]\\.[A-Za-z0-9_-]{20}',
        'dop_v1_[a-f0-9]{60}',
        'SG\\.[A-Za-z0-9_-]{20}',
        'shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}',
        'whsec_[A-Za-z0-9+/]{32}',
        'ya29\\.[A-Za-z0-9_-]{20}',
      ].join('|')})`,
    ),
  ],
]

const ANY = new RegExp(
  SHAPES.map(([, { source, flags }]) => (flags.includes('i') ? `(?i:${source})` : source)).join('|'),
)
// Cut out with all that hangs on it: the rest of the run, and of a key between its lines.
const ANY_EVERYWHERE = new RegExp(
  `(?:${ANY.source})(?:-----[^-"]{0,8000}-----END [A-Z0-9 ]{0,40}-----|[^\\s"',;&]*)`,
  'g',
)
