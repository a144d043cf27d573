import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../test/support/system.ts'
import { checkMetadata } from '../auth/account/profile-values.ts'
import { libraryOptions, schemaProblems } from './metadata-schema.ts'
import { readSettings } from './settings.ts'

function settingsWith(text: string) {
  const file = join(temporaryFolder(), 'schema.json')
  writeFileSync(file, text)
  return { file, settings: readSettings({}, { BIENVENUE_METADATA_SCHEMA: file }) }
}

describe('the file of metadata schemas', () => {
  it('has a JSON Schema for each kind of metadata', async () => {
    const { settings } = settingsWith(
      JSON.stringify({
        public: {
          $schema: 'https://json-schema.org/draft/2020-12/schema',
          type: 'object',
          properties: {
            plan: { enum: ['free', 'pro'] },
            seats: { type: 'integer', minimum: 1, default: 1 },
            teams: { type: 'array', items: { $ref: '#/$defs/team' }, maxItems: 2 },
          },
          required: ['plan'],
          additionalProperties: false,
          $defs: { team: { type: 'object', properties: { name: { type: 'string', pattern: '^[a-z]+$' } } } },
        },
        private: { type: 'object', properties: { customer: { type: 'string' } } },
      }),
    )
    const { metadataSchema } = await libraryOptions(settings)
    const check = (given: object) => checkMetadata(given, metadataSchema?.public)
    expect(await check({ plan: 'pro', teams: [{ name: 'red' }] })).toEqual({
      value: '{"plan":"pro","seats":1,"teams":[{"name":"red"}]}',
    })
    for (const [given, where] of [
      [{ plan: 'gold' }, 'at plan'],
      [{}, 'at plan'],
      [{ plan: 'pro', seats: 0 }, 'at seats'],
      [{ plan: 'pro', teams: [{ name: 'RED' }] }, 'at teams.0.name'],
      [{ plan: 'pro', role: 'admin' }, 'role'],
    ] as const)
      expect(await check(given)).toMatchObject({ problem: expect.stringContaining(where) })
    expect(await checkMetadata({ customer: 7 }, metadataSchema?.private)).toHaveProperty('problem')
    expect(await checkMetadata({ customer: 'x', more: [] }, metadataSchema?.private)).toHaveProperty('value')
  })

  it('has the fields that users write, with or without a schema', async () => {
    const userFields = { company: { label: { en: 'Company', de: 'Firma' }, required: true } }
    const alone = settingsWith(JSON.stringify({ userFields }))
    expect(await libraryOptions(alone.settings)).toMatchObject({ metadataSchema: {}, userFields })
    const schema = {
      type: 'object',
      properties: { company: { type: 'string', maxLength: 80 }, plan: { type: 'string', default: 'free' } },
      required: ['company', 'plan'],
      additionalProperties: false,
    }
    const both = settingsWith(JSON.stringify({ public: schema, userFields }))
    const options = await libraryOptions(both.settings)
    expect(options).toMatchObject({ userFields })
    expect(await checkMetadata({ company: 'x' }, options.metadataSchema?.public)).toEqual({
      value: '{"company":"x","plan":"free"}',
    })
  })

  it('is not read if it is not set', async () => {
    const settings = readSettings({}, { BIENVENUE_MODE: 'production' })
    expect(await libraryOptions(settings)).toBe(settings.options)
  })

  it.each([
    ['', 'cannot be read: it is empty'],
    ['{', 'is not JSON'],
    ['[]', 'must be a JSON object with a JSON Schema as "public"'],
    ['{}', 'must be a JSON object with a JSON Schema as "public"'],
    ['{"type":"object"}', 'has a member "type"'],
    ['{"public":true}', 'has a "public" that is not a JSON Schema'],
    ['{"private":{"type":"objekt"}}', 'has a "private" that cannot be used as a JSON Schema: '],
    ['{"public":{"$ref":"https://example.com/schema"}}', 'External $ref'],
    [
      '{"public":{"type":"object","properties":{"a":{"type":"string","pattern":"("}}}}',
      'has a "public" that cannot be used as a JSON Schema: Invalid regular expression',
    ],
    ['{"public":{"if":{}}}', 'has a "public" that has "if" at #, which is not supported'],
    // zod would accept these schemas, and then every value.
    ['{"public":{"properties":{"a":{"type":"string"}}}}', 'has "properties" at # without "type": "object"'],
    ['{"public":{"type":"object","required":["plan"]}}', 'requires "plan" at #, which is not one of its'],
    ['{"public":{"type":"object","maxPropertys":1}}', 'has "maxPropertys" at #, which is not supported'],
    [
      '{"public":{"type":"object","properties":{"a":{"anyOf":[{"minimum":1}]}}}}',
      'has "minimum" at #/properties/a/anyOf without "type": "number"',
    ],
    [
      '{"public":{"type":"object","properties":{"a":{"$ref":"#/$defs/a","maxLength":1}},"$defs":{"a":{}}}}',
      'has other rules next to "$ref" at #/properties/a',
    ],
    ['{"public":{"type":"object","properties":{"a":null}}}', 'has no schema at #/properties/a'],
    ['{"userFields":[]}', 'has "userFields" that cannot be used: expected an object'],
    ['{"userFields":{"a":{}}}', 'has "userFields" that cannot be used: a must have a label'],
    [
      '{"userFields":{"__proto__":{"label":"x"}}}',
      'has "userFields" that cannot be used: "__proto__" is not',
    ],
    [
      '{"public":{"type":"object","additionalProperties":false},"userFields":{"a":{"label":"A"}}}',
      'has a user field "a" that is not one of the "properties" of "public"',
    ],
    [
      '{"public":{"type":"object","properties":{"a":{},"b":{}},"required":["a","b"]},"userFields":{"a":{"label":"A","required":true}}}',
      'requires "b" in "public", which new accounts do not have',
    ],
    [
      '{"public":{"type":"object","properties":{"a":{}},"required":["a"]},"userFields":{"a":{"label":"A"}}}',
      'requires "a" in "public", which new accounts do not have',
    ],
  ])('%s is refused in one line that names the file', async (text, problem) => {
    const { file, settings } = settingsWith(text)
    const [first, ...others] = await schemaProblems(settings)
    expect(first).toEqual({ option: 'metadataSchema', problem: expect.stringContaining(problem) })
    expect(first?.problem).toMatch(new RegExp(`^${file} [^\n]+$`))
    expect(others).toEqual([])
  })
})
