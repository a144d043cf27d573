/** Finds what zod would ignore in a JSON Schema, so that no rule of an operator is silently without effect. */
import { isObject } from '../lib/is-object.ts'

/** Keywords with the type of the values that they apply to. zod ignores them without that type. */
const KEYWORDS: Readonly<Record<string, string>> = {
  properties: 'object',
  required: 'object',
  additionalProperties: 'object',
  patternProperties: 'object',
  propertyNames: 'object',
  minProperties: 'object',
  maxProperties: 'object',
  items: 'array',
  prefixItems: 'array',
  minItems: 'array',
  maxItems: 'array',
  uniqueItems: 'array',
  contains: 'array',
  minContains: 'array',
  maxContains: 'array',
  minLength: 'string',
  maxLength: 'string',
  pattern: 'string',
  format: 'string',
  minimum: 'number',
  maximum: 'number',
  exclusiveMinimum: 'number',
  exclusiveMaximum: 'number',
  multipleOf: 'number',
}

/** Keywords that say nothing about values. */
const ANNOTATIONS = new Set([
  '$schema',
  '$id',
  '$comment',
  '$defs',
  'definitions',
  'title',
  'description',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
])
/** Keywords that apply to values of every type. */
const UNTYPED = new Set(['type', 'enum', 'const', 'anyOf', 'oneOf', 'allOf', 'default', '$ref'])

/** Keywords whose value is a schema, or a list of schemas. */
const WITH_SCHEMAS = [
  'additionalProperties',
  'propertyNames',
  'items',
  'prefixItems',
  'contains',
  'anyOf',
  'oneOf',
  'allOf',
]
/** Keywords whose value has schemas as members. */
const WITH_MEMBERS = ['properties', 'patternProperties', '$defs', 'definitions']

/** What zod would ignore, as the end of a sentence about the schema. `null` if nothing. */
export function ignoredIn(schema: unknown, at = '#'): string | null {
  if (typeof schema === 'boolean') return null
  if (!isObject(schema)) return `has no schema at ${at}`
  return problemOf(schema, at) ?? first(partsOf(schema, at), ([part, where]) => ignoredIn(part, where))
}

function problemOf(schema: Readonly<Record<string, unknown>>, at: string): string | null {
  const rules = Object.keys(schema).filter((keyword) => !ANNOTATIONS.has(keyword))
  const unknown = rules.find((keyword) => !UNTYPED.has(keyword) && !Object.hasOwn(KEYWORDS, keyword))
  if (unknown !== undefined) return `has "${unknown}" at ${at}, which is not supported`
  if (rules.includes('$ref') && rules.length > 1)
    return `has other rules next to "$ref" at ${at}; use "allOf"`
  const types = [schema.type].flat().map((type) => (type === 'integer' ? 'number' : type))
  const idle = rules.find((keyword) => Object.hasOwn(KEYWORDS, keyword) && !types.includes(KEYWORDS[keyword]))
  if (idle !== undefined) return `has "${idle}" at ${at} without "type": "${KEYWORDS[idle]}"`
  const named = isObject(schema.properties) ? schema.properties : {}
  const missing = [schema.required ?? []].flat().find((name) => !Object.hasOwn(named, String(name)))
  return missing === undefined ? null : `requires "${missing}" at ${at}, which is not one of its "properties"`
}

function partsOf(schema: Readonly<Record<string, unknown>>, at: string): [schema: unknown, at: string][] {
  const single = WITH_SCHEMAS.filter((keyword) => schema[keyword] !== undefined).flatMap((keyword) =>
    [schema[keyword]].flat().map((part): [unknown, string] => [part, `${at}/${keyword}`]),
  )
  const members = WITH_MEMBERS.flatMap((keyword) =>
    Object.entries(schema[keyword] ?? {}).map(([name, part]): [unknown, string] => [
      part,
      `${at}/${keyword}/${name}`,
    ]),
  )
  return [...single, ...members]
}

function first<Item>(items: readonly Item[], find: (item: Item) => string | null): string | null {
  for (const item of items) {
    const found = find(item)
    if (found !== null) return found
  }
  return null
}
