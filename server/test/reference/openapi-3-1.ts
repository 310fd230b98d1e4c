/**
 * What OpenAPI 3.1 demands of a document's structure, as far as ours goes: written from the tables of §4.8, closed where
 * they are closed. Schema objects are checked by the JSON Schema dialect itself.
 */
export const OPEN_API_3_1 = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['openapi', 'info', 'paths'],
  properties: {
    openapi: { type: 'string', pattern: '^3\\.1\\.\\d+$' },
    info: { $ref: '#/$defs/info' },
    servers: { type: 'array', items: { type: 'object', required: ['url'] } },
    security: { $ref: '#/$defs/security' },
    components: { $ref: '#/$defs/components' },
    paths: {
      type: 'object',
      patternProperties: { '^/': { $ref: '#/$defs/pathItem' } },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
  $defs: {
    info: {
      type: 'object',
      required: ['title', 'version'],
      properties: {
        title: { type: 'string' },
        version: { type: 'string' },
        description: { type: 'string' },
        summary: { type: 'string' },
        license: {
          type: 'object',
          required: ['name'],
          properties: { name: { type: 'string' }, identifier: { type: 'string' }, url: { type: 'string' } },
          // The identifier and the URL exclude each other.
          not: { required: ['identifier', 'url'] },
          additionalProperties: false,
        },
      },
      additionalProperties: false,
    },
    security: {
      type: 'array',
      items: { type: 'object', additionalProperties: { type: 'array', items: { type: 'string' } } },
    },
    components: {
      type: 'object',
      properties: {
        schemas: {
          type: 'object',
          propertyNames: { pattern: '^[a-zA-Z0-9._-]+$' },
          additionalProperties: { type: ['object', 'boolean'] },
        },
        securitySchemes: {
          type: 'object',
          additionalProperties: {
            type: 'object',
            required: ['type', 'scheme'],
            properties: { type: { const: 'http' }, scheme: { type: 'string' }, description: { type: 'string' } },
            additionalProperties: false,
          },
        },
      },
      additionalProperties: false,
    },
    pathItem: {
      type: 'object',
      properties: { get: { $ref: '#/$defs/operation' }, post: { $ref: '#/$defs/operation' } },
      additionalProperties: false,
    },
    operation: {
      type: 'object',
      required: ['operationId', 'responses'],
      properties: {
        operationId: { type: 'string' },
        summary: { type: 'string' },
        description: { type: 'string' },
        tags: { type: 'array', items: { type: 'string' } },
        security: { $ref: '#/$defs/security' },
        parameters: { type: 'array', items: { $ref: '#/$defs/parameter' } },
        requestBody: {
          type: 'object',
          required: ['content'],
          properties: { required: { type: 'boolean' }, content: { $ref: '#/$defs/content' } },
          additionalProperties: false,
        },
        responses: {
          type: 'object',
          minProperties: 1,
          patternProperties: {
            '^[1-5]\\d\\d$': {
              type: 'object',
              required: ['description'],
              properties: { description: { type: 'string' }, content: { $ref: '#/$defs/content' } },
              additionalProperties: false,
            },
          },
          additionalProperties: false,
        },
      },
      additionalProperties: false,
    },
    parameter: {
      type: 'object',
      required: ['name', 'in', 'schema'],
      properties: {
        name: { type: 'string' },
        in: { enum: ['query', 'header'] },
        required: { type: 'boolean' },
        description: { type: 'string' },
        style: { enum: ['form', 'deepObject', 'spaceDelimited', 'pipeDelimited'] },
        explode: { type: 'boolean' },
        schema: { type: ['object', 'boolean'] },
      },
      additionalProperties: false,
    },
    content: {
      type: 'object',
      propertyNames: { pattern: '^[a-z]+/[a-z0-9.+-]+$' },
      additionalProperties: {
        type: 'object',
        required: ['schema'],
        properties: { schema: { type: ['object', 'boolean'] } },
        additionalProperties: false,
      },
    },
  },
} as const
