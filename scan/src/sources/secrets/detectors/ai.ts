import type { Detector } from '../detector.ts'
import { type TokenRow, tokenDetector } from '../token-detector.ts'

const ROWS: readonly TokenRow[] = [
  {
    id: 'anthropic-key',
    title: 'Anthropic API key',
    provider: 'anthropic',
    severity: 'high',
    keywords: ['sk-ant-'],
    pattern: /sk-ant-(?:api|admin|oat|ort|sid)\d{2}-[\w-]{80,120}/y,
  },
  {
    id: 'openai-key',
    title: 'OpenAI API key',
    provider: 'openai',
    severity: 'high',
    keywords: ['sk-'],
    // `T3BlbkFJ` is "OpenAI" in base64 and stands in the middle of every key.
    pattern: /sk-(?:[a-z]{2,12}-)?[\w-]{40,220}/y,
    before: 'word',
    verify: (found) => {
      const mark = found.indexOf('T3BlbkFJ')
      return mark >= 23 && found.length - mark >= 28 ? 'high' : false
    },
  },
  {
    id: 'huggingface-token',
    title: 'Hugging Face token',
    provider: 'huggingface',
    kind: 'account',
    type: 'personal-token',
    severity: 'high',
    keywords: ['hf_', 'api_org_'],
    pattern: /(?:hf|api_org)_[A-Za-z]{34}/y,
  },
  {
    id: 'groq-key',
    title: 'Groq API key',
    provider: 'groq',
    severity: 'high',
    keywords: ['gsk_'],
    pattern: /gsk_[A-Za-z0-9]{48,56}/y,
  },
  {
    id: 'xai-key',
    title: 'xAI API key',
    provider: 'xai',
    severity: 'high',
    keywords: ['xai-'],
    pattern: /xai-[A-Za-z0-9]{70,90}/y,
  },
  {
    id: 'perplexity-key',
    title: 'Perplexity API key',
    provider: 'perplexity',
    severity: 'high',
    keywords: ['pplx-'],
    pattern: /pplx-[A-Za-z0-9]{48}/y,
  },
  {
    id: 'replicate-token',
    title: 'Replicate API token',
    provider: 'replicate',
    severity: 'high',
    keywords: ['r8_'],
    pattern: /r8_[A-Za-z0-9]{37}/y,
    before: 'word',
  },
  {
    id: 'openrouter-key',
    title: 'OpenRouter API key',
    provider: 'openrouter',
    severity: 'high',
    keywords: ['sk-or-v1-'],
    pattern: /sk-or-v1-[a-f0-9]{64}/y,
  },
  {
    id: 'langsmith-key',
    title: 'LangSmith API key',
    provider: 'langsmith',
    severity: 'medium',
    keywords: ['lsv2_'],
    pattern: /lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}/y,
  },
  {
    id: 'langfuse-key',
    title: 'Langfuse secret key',
    provider: 'langfuse',
    severity: 'medium',
    keywords: ['sk-lf-'],
    pattern: /sk-lf-[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}/y,
  },
  {
    id: 'pinecone-key',
    title: 'Pinecone API key',
    provider: 'pinecone',
    severity: 'high',
    keywords: ['pcsk_'],
    pattern: /pcsk_[A-Za-z0-9]{5,7}_[A-Za-z0-9]{50,70}/y,
  },
  {
    id: 'tavily-key',
    title: 'Tavily API key',
    provider: 'tavily',
    severity: 'medium',
    keywords: ['tvly-'],
    pattern: /tvly-(?:dev-|prod-)?[A-Za-z0-9]{28,40}/y,
  },
]

/** Keys of model providers and what agents use. */
export const aiDetectors: readonly Detector[] = ROWS.map(tokenDetector)
