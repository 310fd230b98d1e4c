const MIB = 1024 * 1024
// As large as a body may be, less what is around it.
const FULL = MIB - 64

const nested = (open: string, close: string, depth: number): string => open.repeat(depth) + close.repeat(depth)
const filled = (part: (at: number) => string, chars: number): string => {
  const parts: string[] = []
  for (let length = 0, at = 0; length < chars; at++) {
    const made = part(at)
    parts.push(made)
    length += made.length + 1
  }
  return parts.join(',')
}
const field = (value: string): string => `{"unheardOf":${value}}`

/** Bodies that a JSON parser must refuse, or that no operation takes, each by what is wrong with it. */
export const JSON_CASES: Readonly<Record<string, string | Buffer>> = {
  'arrays nested 10,000 deep': nested('[', ']', 10_000),
  'objects nested 10,000 deep': `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
  'arrays nested 33 deep': field(nested('[', ']', 33)),
  'half a million open brackets': '['.repeat(500_000),
  'half a million open objects': '{"a":'.repeat(200_000),
  'a million keys': `{${filled((at) => `"k${at}":0`, 12 * MIB)}}`,
  'as many keys as fit': `{${filled((at) => `"k${at}":0`, FULL - 20)}}`,
  'a million empty arrays': `[${'[],'.repeat(999_999)}[]]`,
  'as many empty arrays as fit': field(`[${'[],'.repeat(FULL / 3 - 10)}[]]`),
  'as many empty objects as fit': field(`[${'{},'.repeat(FULL / 3 - 10)}{}]`),
  'as many empty strings as fit': field(`[${'"",'.repeat(FULL / 3 - 10)}""]`),
  'as many numbers as fit': field(`[${'1,'.repeat(FULL / 2 - 10)}1]`),
  'a string of five megabytes': field(`"${'x'.repeat(5 * MIB)}"`),
  'a string as long as fits': field(`"${'x'.repeat(FULL - 20)}"`),
  'a string of escapes': field(`"${'\\u0041'.repeat(FULL / 6 - 10)}"`),
  'a string of backslashes': field(`"${'\\'.repeat(FULL - 21)}`),
  'a name as long as fits': `{"${'x'.repeat(FULL - 20)}":1}`,
  'a number of a million digits': field('1'.repeat(FULL - 20)),
  'a number beyond all numbers': field('1e999999999'),
  'a million commas': `[${','.repeat(FULL - 20)}]`,
  'a million quotes': '"'.repeat(FULL),
  'a million colons': `{${':'.repeat(FULL - 20)}}`,
  'a million spaces': ' '.repeat(FULL),
  'five megabytes of spaces': ' '.repeat(5 * MIB),
  'a member named twice': '{"unheardOf":1,"unheardOf":2}',
  'a member named twice inside': field('{"a":1,"b":{"c":1,"c":2}}'),
  'a member named twice, once by escapes': '{"unheardOf":1,"\\u0075nheardOf":2}',
  'a member named twice in a list': field('[{"a":1},{"a":1,"a":2}]'),
  'a member named twice, nothing between': '{"":1,"":2}',
  'the prototype': '{"__proto__":{"isAdmin":true}}',
  'the prototype as null': '{"__proto__":null}',
  'the prototype by escapes': '{"\\u005f_proto__":{"isAdmin":true}}',
  'the prototype inside': field('{"a":{"__proto__":{"isAdmin":true}}}'),
  'the prototype in a list': field('[[{"__proto__":[]}]]'),
  'the constructor': '{"constructor":{"prototype":{"isAdmin":true}}}',
  'the constructor inside': field('{"constructor":1}'),
  'the constructors prototype': '{"prototype":{"isAdmin":true}}',
  'names of methods': '{"toString":1,"valueOf":2,"hasOwnProperty":3}',
  'a comma at the end': '{"unheardOf":1,}',
  'a comment': '{"unheardOf":1}//',
  'single quotes': "{'unheardOf':1}",
  'no number': field('NaN'),
  'a leading zero': field('01'),
  'a hexadecimal number': field('0x1'),
  'two documents': '{}{}',
  'text behind': '{} x',
  'a list': '[]',
  'a text': '"x"',
  null: 'null',
  true: 'true',
  'a byte order mark': '\ufeff{}',
  'UTF-16': Buffer.from('{"unheardOf":1}', 'utf16le'),
  'bytes that are no UTF-8': Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]),
  'half a character': Buffer.from([0x22, 0xe2, 0x82, 0x22]),
  'half a surrogate pair': field('"\\ud800"'),
  'a control character': field('"\u0001"'),
  'a null character': field('"\u0000"'),
  'an object that does not end': '{"unheardOf":1',
}
