/** The field `metadata` in bodies. It depends on the user fields of this service. */
import type { z } from 'zod'
import type { AuthService } from '../auth/index.ts'
import type { OpenedUserField } from '../model/user-fields.ts'

/** A body as this service accepts it. If the service has no user fields, it has no `metadata`. */
export function bodyFor<Body extends z.ZodObject>(
  body: Body,
  { userFields }: Pick<AuthService, 'userFields'>,
): Body {
  const hasNone = userFields.length === 0 && Object.hasOwn(body.shape, 'metadata')
  return hasNone ? (body.omit({ metadata: true }) as unknown as Body) : body
}

/** The user fields as a JSON Schema. @param isNew - Whether the account is new, so that required fields must be present. */
export function userFieldsSchema(
  fields: readonly OpenedUserField[],
  { isNew }: { readonly isNew: boolean },
): Record<string, unknown> {
  const required = fields.filter((field) => field.required).map(({ name }) => name)
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map((field) => [field.name, schemaOf(field)])),
    additionalProperties: false,
    ...(isNew && required.length > 0 && { required }),
  }
}

function schemaOf({ type, choices, required, maxLength }: OpenedUserField): Record<string, unknown> {
  const optional = required ? [] : ['null']
  switch (type) {
    case 'text':
      return { type: ['string', ...optional], maxLength }
    case 'choice':
      return { enum: [...choices.map(({ value }) => value), ...(required ? [] : [null])] }
    case 'number':
      return { type: ['number', ...optional] }
    case 'boolean':
      return required ? { const: true } : { type: ['boolean', ...optional] }
  }
}
