import { entropyOf, isPlaceholder } from './placeholder.ts'

/**
 * Whether a value can hardly be anything but made by a machine to be kept: where what stands around it says little, this
 * must say the rest. Words, versions, addresses and keys of a cache, joined by whatever, have no long part in which
 * letters and digits are mixed.
 */
export const isStrong = (value: string): boolean => {
  if (value.length < 16 || value.length > 512 || /[\s{}()<>;,"'`\\]/.test(value)) return false
  if (isPlaceholder(value) || namesPlace(value)) return false
  if (!value.split(/[-_.:/@#?&=+]/).some(isMixed)) return false
  if (isText(value)) return false
  const entropy = entropyOf(value)
  return entropy >= 3.5 || (/^[A-Fa-f0-9-]+$/.test(value) && value.length >= 24 && entropy >= 3)
}

// Base 64 of words hides nothing that was made by a machine.
const isText = (value: string): boolean => {
  if (!/^[A-Za-z0-9+/]{16,512}={0,2}$/.test(value)) return false
  const text = Buffer.from(value, 'base64').toString('latin1')
  return text.includes(' ') && /^[\x20-\x7e]+$/.test(text)
}

const isMixed = (part: string): boolean =>
  part.length >= 8 &&
  /\d/.test(part) &&
  /[A-Za-z]/.test(part) &&
  (part.match(/\d[A-Za-z]|[A-Za-z]\d/g)?.length ?? 0) >= 2

/** Whether a value says where something lies, or what it must be like, and is nothing by itself. */
export const namesPlace = (value: string): boolean =>
  SCHEMES.test(value) || FILE.test(value) || PATH_OF_WORDS.test(value)

const SCHEMES =
  /^(?:[/~.]|https?:\/\/|file:|arn:|vault:|op:\/\/|sm:\/\/|secret:|ssm:|gcp?:|awssm:|azurekv:|ref\+|env[:.(]|process\.|import\.meta|os\.|ENV\b|System\.|encrypted:|ENC\[|data:|urn:|git@|(?:sha\d{1,3}|md5|h1)[-:=]|Bearer \$)/
const FILE =
  /^[\w.@/-]{1,200}\.(?:ya?ml|json|pem|key|crt|cer|der|p12|pfx|jks|keystore|txt|env|ini|toml|conf|cfg|properties|xml|gpg|asc|pub|tsx?|m?jsx?|py|sh|rb|go|rs|java|kt|cs|php|html?|css|svg|png|md|sql|tf|tfvars|log|lock|zip|gz)$/
// `projects/1/secrets/x`: a key in base 64 as long as that has a capital.
const PATH_OF_WORDS = /^[a-z][a-z0-9_-]*(?:\/[a-z0-9_.-]+)+$/

/** Whether an expression would look like this: a variable, with a number at its end at most. */
export const looksLikeVariable = (value: string): boolean => /^[A-Za-z_$][A-Za-z_$.]*\d{0,3}$/.test(value)
