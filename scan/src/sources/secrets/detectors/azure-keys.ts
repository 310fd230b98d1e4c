import type { Detector } from '../detector.ts'
import { type TokenRow, tokenDetector } from '../token-detector.ts'

// Microsoft puts a mark of each service at one place of its keys, so that scanners know them ("identifiable secrets").
const ROWS: readonly TokenRow[] = [
  {
    id: 'azure-identifiable-key',
    title: 'Azure account key with its mark',
    provider: 'azure',
    severity: 'critical',
    keywords: ['+ast', 'acdb', 'apim', '+aba', '+amc'],
    lead: 76,
    pattern: /[A-Za-z0-9+/]{76}(?:APIM|ACDb|\+(?:ABa|AMC|ASt))[A-Za-z0-9+/]{6}==/y,
    before: 'base64',
    reaches: 'everything in the account, past every role',
  },
  {
    id: 'azure-shared-access-key',
    title: 'Azure shared access key with its mark',
    provider: 'azure',
    severity: 'critical',
    keywords: ['aiot', '+asb', '+aeh', '+arm'],
    lead: 33,
    pattern: /[A-Za-z0-9+/]{33}(?:AIoT|\+(?:ASb|AEh|ARm))[A-Za-z0-9+/]{6}=/y,
    before: 'base64',
    reaches: 'the hub or bus, as the policy of the key',
  },
  {
    id: 'azure-registry-password',
    title: 'Azure container registry password',
    provider: 'azure',
    type: 'password',
    severity: 'critical',
    keywords: ['+acr'],
    lead: 42,
    pattern: /[A-Za-z0-9+/]{42}\+ACR[A-Za-z0-9+/]{6}/y,
    before: 'base64',
    reaches: 'the images of the registry',
  },
  {
    id: 'azure-search-key',
    title: 'Azure AI Search key',
    provider: 'azure',
    severity: 'high',
    keywords: ['azse'],
    lead: 42,
    pattern: /[A-Za-z0-9]{42}AzSe[A-Za-z0-9]{6}/y,
    before: 'base64',
  },
  {
    id: 'azure-cache-key',
    title: 'Azure Cache for Redis key',
    provider: 'azure',
    severity: 'high',
    keywords: ['azca'],
    lead: 33,
    pattern: /[A-Za-z0-9]{33}AzCa[A-Za-z0-9]{6}=/y,
    before: 'base64',
  },
  {
    id: 'azure-functions-key',
    title: 'Azure Functions key',
    provider: 'azure',
    severity: 'high',
    keywords: ['azfu'],
    lead: 44,
    pattern: /[\w-]{44}AzFu[\w-]{6}==/y,
    before: 'base64',
  },
  {
    id: 'azure-annotated-key',
    title: 'Azure key with its mark',
    provider: 'azure',
    severity: 'critical',
    keywords: ['jqqj9'],
    lead: 52,
    pattern: /[A-Za-z0-9]{52}JQQJ9[9DH][A-Za-z0-9]{26}(?:[A-Za-z0-9]{2}==)?/y,
    before: 'base64',
    reaches: 'the Azure resource that it was made for',
  },
]

/** Keys of Azure services that carry their mark. */
export const azureKeyDetectors: readonly Detector[] = ROWS.map(tokenDetector)
