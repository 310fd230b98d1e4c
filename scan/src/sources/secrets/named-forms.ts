import { looksLikeVariable } from './strength.ts'

/** Where a name stands. */
export interface Place {
  readonly text: string
  readonly start: number
  readonly end: number
  readonly isProgram: boolean
}

/** One form in which a name and its value stand beside each other. */
export interface NamedForm {
  /** What the text may go on with behind the name. */
  readonly begins: Uint8Array
  readonly only?: 'program' | 'settings'
  /** Whether nothing else can be meant where this form is met. */
  readonly isPlain?: boolean
  /** Sticky, from the end of the name; the one group that matches is the value. */
  readonly pattern: RegExp
  /** Whether the name stands where this form has one. */
  readonly mayStand?: (place: Place) => boolean
  /** Whether this form says nothing but that the name has that value; else the value must say so itself. Without it, always. */
  readonly isSure?: (place: Place, value: string) => boolean
  /** Instead of the pattern: finds a value that stands before its name. */
  readonly behind?: (
    place: Place,
  ) => { readonly start: number; readonly end: number; readonly value: string } | undefined
}

const bytesOf = (chars: string): Uint8Array => {
  const table = new Uint8Array(256)
  for (const char of chars) table[char.charCodeAt(0)] = 1
  return table
}

const QUOTES = '"\'`'
const BLANKS = ' \t'
const LINES = '\r\n'

const charBefore = ({ text, start }: Place): string => text[start - 1] ?? ''
const textBefore = ({ text, start }: Place, chars: number): string => text.slice(Math.max(0, start - chars), start)
const never = (): boolean => false

/** `name = value` in a settings file, a header or an argument. */
const assigned: readonly NamedForm[] = [
  {
    isPlain: true,
    begins: bytesOf(`${QUOTES}]}${BLANKS}:=>(<?|+.~`),
    mayStand: (place) => place.text[place.end] !== '(' || !FETCHES.test(place.text.slice(place.start, place.end)),
    pattern:
      /["'`]?[\]}]?[ \t]{0,20}(?::=|=>|={1,3}|[?|+.~]{1,2}=|<-|:(?![/:])|>|\((?=["']))[ \t]{0,20}(?:!!?\w{1,20} |&\w{1,40} )?[A-Za-z]{0,2}8?[@$]?(?:"{3}|'{3}|["'`])([^"'`\r\n]{4,512})["'`]/y,
  },
  {
    // `?api_key=value&page=2`
    begins: bytesOf('='),
    mayStand: (place) => /(?:[?&#]|&amp;)$/.test(textBefore(place, 5)),
    pattern: /=([^\s"'`,;&#<>(){}\\=][^\s"'`,;&#<>(){}\\]{5,512})/y,
    isSure: ({ isProgram }, value) => !isProgram || !looksLikeVariable(value),
  },
  {
    // `${NAME:-value}` of a shell or of Compose, `${name:value}` of Spring
    begins: bytesOf(':-='),
    mayStand: (place) => charBefore(place) === '{',
    pattern: /(?::[-=]?|[-=])["']?([^\s"'`${}\\]{6,512})["']?\}/y,
  },
  {
    begins: bytesOf(`${QUOTES}]${BLANKS}:=>(<?|+.~`),
    only: 'settings',
    mayStand: (place) => !/(?:\$\{|[?&]|&amp;)$/.test(textBefore(place, 5)),
    pattern:
      /["'`]?\]?[ \t]{0,20}(?::=|=>|={1,3}|[?|+.~]{1,2}=|<-|:(?![/:])|>)[ \t]{0,20}(?:!!?\w{1,20} |&\w{1,40} )?([^\s"'`,;<>(){}\\]{4,512})/y,
  },
  {
    // `"host=db password=value"`: in a literal of a program, for no quote can stand behind an expression.
    begins: bytesOf('='),
    only: 'program',
    pattern: /=([^\s"'`,;&<>(){}[\]\\=][^\s"'`,;&<>(){}[\]\\]{5,512})["'`]/y,
  },
  {
    // `"Server=db;Password=value;"`
    begins: bytesOf('='),
    only: 'program',
    mayStand: (place) => charBefore(place) === ';' || QUOTES.includes(charBefore(place)),
    pattern: /=([^\s"'`,;&<>(){}[\]\\=][^\s"'`,;&<>(){}[\]\\]{5,512});/y,
    isSure: (_, value) => !looksLikeVariable(value),
  },
]

/** In a program: what is declared with a type, wrapped, or given where nothing else is there. */
const declared: readonly NamedForm[] = [
  {
    // `xToken: string | undefined = "…"`
    begins: bytesOf(`:${BLANKS}`),
    only: 'program',
    pattern:
      /[ \t]{0,4}:[ \t]{0,4}[A-Za-z&'?*][\w.&'<>|?*[\] ]{0,60}=\s{0,40}(?:(?:new )?[A-Z]\w{0,20})?\(?@?(?:"{3}|'{3}|["'`])([^"'`\r\n]{6,512})["'`]/y,
  },
  {
    // `xToken string = "…"`, `xToken As String = "…"`, `x_token[] = "…"`, `XToken { get; set; } = "…"`
    begins: bytesOf(`[${BLANKS}`),
    only: 'program',
    pattern:
      /(?:\[\d{0,4}\]|[ \t]{1,4}(?:As[ \t])?[A-Za-z*&?][\w.*&?]{0,40}|[ \t]\{ ?get;[^{}"]{0,30}\})[ \t]{1,4}=\s{0,40}@?["'`]([^"'`\r\n]{6,512})["'`]/y,
  },
  {
    // `xToken =⏎ "…"`, `xToken = ("…")`, `xToken = []byte("…")`, `xToken = <string>"…"`
    begins: bytesOf(`${QUOTES}]${BLANKS}=:`),
    only: 'program',
    pattern:
      /["'`]?\]?[ \t]{0,20}:?(?:=|:)\s{0,40}(?:<\w{1,20}>|(?:new )?(?:\[\]byte|String(?:::from)?|Some|Just|Secret(?:Str|String)?(?:::new)?|Buffer\.from|bytes|str|Box::new)?\(|)\s{0,40}[A-Za-z]?@?(?:"{3}|'{3}|["'`])([^"'`\r\n]{6,512})["'`]/y,
  },
  {
    // `process.env.X_TOKEN ?? "…"`, `env("X_TOKEN").unwrap_or("…")`
    begins: bytesOf(`${QUOTES}])${BLANKS}?|.`),
    only: 'program',
    pattern:
      /["'`]?[\])]{0,2}(?:[ \t]{0,4}(?:\?\?|\|\||\?:|or |else )[ \t]{0,4}|\.(?:unwrap_or(?:_else)?|orElse|getOrElse)\((?:\|_?\| ?)?)["'`]([^"'`\r\n]{6,512})["'`]/y,
  },
]

/** Names and values that stand one behind the other without a sign, or in two fields. */
const beside: readonly NamedForm[] = [
  {
    // `getenv("X_TOKEN", "…")`, `["--token", "…"]`, `define('X_TOKEN', '…')`
    begins: bytesOf(`${QUOTES},`),
    pattern:
      /["'`]?\]?[ \t]{0,4},\s{0,40}(?:default(?:_?value)?[ \t]?[=:][ \t]?)?(?:<<)?[a-zA-Z]?(?:"\\"|["'`])([^"'`\\\r\n]{6,512})\\?["'`]/iy,
    isSure: (place) => GIVES.test(textBefore(place, 24)),
  },
  {
    // `CREATE ROLE app PASSWORD '…'`, `#define X_TOKEN "…"`
    begins: bytesOf(`${QUOTES}${BLANKS}`),
    pattern: /["'`]?[ \t]{1,20}[N@]?["'`]([^"'`\r\n]{6,512})["'`]/y,
    isSure: ({ text, start, end, isProgram }) =>
      !isProgram && text.slice(start, end).toLowerCase() === 'password' && text.slice(end).trimStart().startsWith("'"),
  },
  {
    // `ENV X_TOKEN …` of a Dockerfile, `setx`, `SetEnv`, `set -gx`; `npm config set //registry/:_authToken …`
    begins: bytesOf(BLANKS),
    only: 'settings',
    mayStand: (place) => DIRECTIVE.test(textBefore(place, 32)),
    pattern: /[ \t]{1,20}(?:["']([^"'\r\n]{4,512})["']|([^\s"'`,;<>(){}\\=][^\s"'`,;<>(){}\\]{5,511}))/y,
  },
  {
    // `gh secret set X_TOKEN --body …`
    begins: bytesOf(`${QUOTES}${BLANKS}`),
    only: 'settings',
    pattern: /["']?[ \t]{1,4}(?:--(?:body|value|secret-string)|-b)[ \t=]{1,4}["']?([^\s"'`$<>]{6,512})/y,
  },
  {
    // `ops,password,…`
    begins: bytesOf(','),
    only: 'settings',
    pattern: /,([^\s,"';]{6,512})(?:[,\r\n]|$)/y,
    isSure: never,
  },
  {
    // `--token …`, also over the end of a line or as the next item of a list
    begins: bytesOf(`${QUOTES}${BLANKS}${LINES}`),
    mayStand: ({ text, start }) => text[start] === '-',
    pattern:
      /["']?(?:[ \t]{1,4}(?:\\\r?\n[ \t]{0,20})?|\r?\n[ \t]{0,40}- )(?:["']([^"'\r\n]{4,512})["']|([^\s"'`,;<>(){}|\\&-][^\s"'`,;<>(){}|\\]{5,511}))/y,
    isSure: ({ isProgram }, value) => !isProgram || !looksLikeVariable(value),
  },
  {
    // `{name: X_TOKEN, value: …}`, however it is quoted and broken
    begins: bytesOf(`${QUOTES}${BLANKS}${LINES},`),
    mayStand: (place) => NAMED.test(textBefore(place, 32)),
    pattern:
      /["']?,?\s{1,80}["']?(?:parameter)?value["']?[ \t]{0,4}[:=][ \t]{0,4}(?:["']([^"'\r\n]{4,512})["']|([^\s"'`,;<>(){}\\]{4,512}))/iy,
  },
  {
    // `{"value": "…", "name": "X_TOKEN"}`, `<add value="…" key="XToken"/>`
    begins: bytesOf(`${QUOTES}${BLANKS}${LINES},}`),
    mayStand: (place) => NAMED.test(textBefore(place, 32)),
    pattern: /(?!)/y,
    behind: valueBefore,
  },
  {
    // `variable "x_token" { default = "…" }`
    begins: bytesOf('"'),
    only: 'settings',
    pattern: /"[ \t]{0,4}\{[^{}]{0,400}?default[ \t]{0,20}=[ \t]{0,8}"([^"\r\n]{6,512})"/y,
  },
  {
    // `The password is "…"`, `**API key:** …`, `| token | … |`
    begins: bytesOf(`${QUOTES}${BLANKS}:*|`),
    only: 'settings',
    pattern:
      /["'`]?(?:[ \t]{1,3}is[ \t:]{1,3}["'`*]{1,3}|[ \t]{0,20}\|[ \t]{0,20}`?|:?\*\*:?[ \t]{1,3}`?)([^\s"'`|*]{6,512})/y,
    isSure: never,
  },
]

/** Values on the lines below the name. */
const below: readonly NamedForm[] = [
  {
    // `x_token:⏎ …`
    begins: bytesOf(`${QUOTES}:`),
    only: 'settings',
    pattern: /["']?:[ \t]{0,4}\r?\n[ \t]{1,40}["']?([^\s"',]{6,512})["']?,?[ \t]{0,8}(?:\r?\n|$)/y,
    isSure: never,
  },
  {
    // A block of YAML of one line.
    begins: bytesOf(`${QUOTES}:`),
    only: 'settings',
    pattern: /["']?:[ \t]{1,4}[|>][+-]?\d?[ \t]{0,8}\r?\n[ \t]{1,40}([^\s]{6,512})[ \t]{0,8}(?:\r?\n|$)/y,
  },
  {
    begins: bytesOf(`${BLANKS}=`),
    pattern: /[ \t]{0,20}=[ \t]{0,8}<<<?[-~]?["']?\w{1,30}["']?\r?\n[ \t]{0,40}([^\s]{6,512})\r?\n[ \t]{0,40}\w/y,
  },
]

/** Names and values in a string of another language, or in markup. */
const inside: readonly NamedForm[] = [
  {
    // `\"x_token\": \"…\"`: JSON in a string, in a string again
    begins: bytesOf('\\'),
    pattern: /\\{1,7}["'][ \t]{0,4}[:=]>?[ \t]{0,4}\\{1,7}["']([^"'\\\r\n]{6,512})\\/y,
  },
  {
    // `x_token = \"…\"`: a line of a program in a string, as notebooks keep them
    begins: bytesOf(`${BLANKS}=`),
    pattern: /[ \t]{0,4}=[ \t]{0,4}\\{1,7}["']([^"'\\\r\n]{6,512})\\/y,
  },
  {
    begins: bytesOf('&'),
    pattern: /&quot;[ \t]{0,4}[:=][ \t]{0,4}&quot;([^&"'\s]{6,512})&quot;/y,
  },
  {
    // `<password type="plain">⏎ … </password>`
    begins: bytesOf(`>${BLANKS}`),
    mayStand: (place) => /<(?:\w{1,20}:)?$/.test(textBefore(place, 24)),
    pattern:
      /(?:[ \t][^<>\n]{0,200})?>\s{0,80}(?:<value>\s{0,40})?(?:<!\[CDATA\[)?([^\s<>&"'[\]]{6,512})[\]\s]{0,80}>?<\//y,
  },
  {
    // `<key>XToken</key> <string>…</string>`
    begins: bytesOf('<'),
    pattern: /<\/\w{1,20}>\s{0,80}<(?:string|value)[^<>]{0,80}>\s{0,40}(?:<!\[CDATA\[)?([^\s<>[\]]{6,512})/y,
  },
  {
    // `key="XToken" value="…"`
    begins: bytesOf(QUOTES),
    mayStand: (place) => NAMED.test(textBefore(place, 32)),
    pattern:
      /["']\s{1,80}(?:[\w:]{1,40}=["'][^"'<>]{0,100}["']\s{1,80})?(?:value|content)=["']([^"'<>\r\n]{6,512})["']/iy,
  },
  {
    // `<property name="password">…</property>`
    begins: bytesOf(QUOTES),
    mayStand: (place) => NAMED.test(textBefore(place, 32)),
    pattern: /["'](?:[ \t][^<>\n]{0,100})?>\s{0,40}(?:<value>\s{0,40})?([^\s<>"']{6,512})\s{0,40}<\//y,
    isSure: never,
  },
]

/** All forms; where two of them would match, the first that tells a secret does. */
export const namedForms: readonly NamedForm[] = [...assigned, ...declared, ...beside, ...below, ...inside]

// A call of such a name asks for a secret by another name.
const FETCHES =
  /^(?:\w{1,40}\.)?(?:get|find|fetch|load|read|make|create|parse|verify|validate|is|has|use|test|to|from|decode|check|hash|describe|on|by)(?:[A-Z_]|$)|^(?:\w{1,40}\.)?pass$/

// What gives a name a value, or a value where the name has none.
const GIVES =
  /(?:env|environ\.get|fetch|set_?property|get_?property|define|variable|config|get_?or_?default|setdefault|\.put|option)\(["'`]$/i

const DIRECTIVE = /(?:^|[\n;&|])[ \t]{0,20}(?:env|setenv|setx|set[ \t]+-\w{1,4})[ \t]+$|\/:$/i

// A field that holds a name, up to the name.
const NAMED = /(?:^|[\s"'{,;([<])(?:parameter|attribute)?(?:name|key|variable)["']?[ \t]{0,4}[:=][ \t]{0,4}["']?$/i

const VALUE_BEFORE =
  /value["']?[ \t]{0,4}[:=][ \t]{0,4}(?:["']([^"'\r\n]{6,512})["']|([^\s"'`,;<>(){}\\]{6,512})),?\s{1,80}[-"']{0,2}(?:parameter)?(?:name|key)["']?[ \t]{0,4}[:=][ \t]{0,4}["']?/iy

function valueBefore({ text, start }: Place): { start: number; end: number; value: string } | undefined {
  // From the nearest `value` before the name on: it must lead up to the name.
  const nearest = text
    .slice(Math.max(0, start - 600), start)
    .toLowerCase()
    .lastIndexOf('value')
  if (nearest === -1) return undefined
  VALUE_BEFORE.lastIndex = Math.max(0, start - 600) + nearest
  const match = VALUE_BEFORE.exec(text)
  if (!match || VALUE_BEFORE.lastIndex !== start) return undefined
  const value = match[1] ?? match[2] ?? ''
  const at = match.index + match[0].indexOf(value, 5)
  return { start: at, end: at + value.length, value }
}
