/** Whether a value only stands for a secret: a variable, a template, a masked value, a word from the manual. */
export const isPlaceholder = (value: string): boolean => {
  if (TEMPLATE.test(value)) return true
  // Nobody writes this much in a secret's place: it is one, or it is something else.
  if (value.length > PLACEHOLDER_CHARS_MAX) return isOneCharacter(value)
  const letters = value.toLowerCase().replace(NOT_LETTERS_OR_DIGITS, '')
  return (
    letters.length === 0 ||
    isOneCharacter(letters) ||
    isRun(letters) ||
    WHOLE.has(letters) ||
    PARTS.some((part) => letters.includes(part))
  )
}

/** Whether a token of the right form still looks made up: repeats, sequences, or says so itself. */
export const looksMadeUp = (token: string): boolean => {
  const body = token.slice(token.search(/[-_.][^-_.]{6}/) + 1)
  const lower = body.toLowerCase()
  return (
    distinct(body) <= 4 ||
    SAYS_SO.some((word) => lower.includes(word)) ||
    SEQUENCES.some((sequence) => lower.includes(sequence))
  )
}

/** Bits per character, as the value's own letters are spread. */
export const entropyOf = (value: string): number => {
  const counts = new Uint16Array(256)
  for (let at = 0; at < value.length; at += 1) {
    const code = value.charCodeAt(at) & 255
    counts[code] = (counts[code] ?? 0) + 1
  }
  let bits = 0
  for (const count of counts) if (count > 0) bits -= (count / value.length) * Math.log2(count / value.length)
  return bits
}

const PLACEHOLDER_CHARS_MAX = 100
const NOT_LETTERS_OR_DIGITS = /[^\p{L}\p{N}]/gu

// What a shell, a template engine, a CI system or a format string puts a value in for; and code that fetches one.
const TEMPLATE =
  /\$\{|\$\(|\$[A-Za-z_]|\{\{|<%|%\(|%[A-Z_]{2,40}%|^\{[^}]*\}$|^<[^>]*>$|^\[[^\]]*\]$|^%[sdv]$|^@|\.\.\.|…|^\*|^#\{|^__.*__$/

const WHOLE = new Set(
  (
    'password passwd pass123 pwd secret secrets token apikey key none null nil undefined true false empty default ' +
    'string str text value name user username admin login mypassword mypass mysecret mytoken myapikey thepassword ' +
    'secretkey accesskey privatekey publickey apitoken authtoken accesstoken userpassword dbpassword dbpass foobar ' +
    'foo bar baz qux test testing tests demo sample abc abc123 123 1234 12345 123456 1234567 12345678 123456789 ' +
    '1234567890 0123456789 abcdef abcdefg hidden masked redacted required optional unset todo fixme tbd na ' +
    'passphrase basic bearer credentials credential username1 yourpassword yes no on off disabled enabled encrypted'
  ).split(' '),
)

const PARTS = [
  'changeme',
  'changeit',
  'changethis',
  'replaceme',
  'replacewith',
  'replacethis',
  'placeholder',
  'anonymous',
  'example',
  'yourpass',
  'yoursecret',
  'yourtoken',
  'yourkey',
  'yourapi',
  'youraccess',
  'yourclient',
  'youraws',
  'yourown',
  'yourpersonal',
  'insertyour',
  'enteryour',
  'putyour',
  'addyour',
  'xxxx',
  'redacted',
  'dummy',
  'notasecret',
  'notreal',
  'notneeded',
  'goeshere',
  'secrethere',
  'tokenhere',
  'keyhere',
  'passwordhere',
  'mypassword',
  'mysecretpassword',
  'supersecret',
  'donotuse',
  'somepassword',
  'samplepass',
  'fakepass',
  'fakesecret',
  'faketoken',
  'fakekey',
]

const SAYS_SO = ['example', 'sample', 'dummy', 'fake', 'placeholder', 'notreal', 'xxxxxx', 'redacted']
const SEQUENCES = ['0123456789', '1234567890', 'abcdefghij', 'aabbccddee', '9876543210']

const isOneCharacter = (value: string): boolean => {
  for (let at = 1; at < value.length; at += 1) if (value[at] !== value[0]) return false
  return true
}

const isRun = (value: string): boolean =>
  value.length >= 4 && ('abcdefghijklmnopqrstuvwxyz'.startsWith(value) || '01234567890123456789'.includes(value))

const distinct = (value: string): number => new Set(value).size
