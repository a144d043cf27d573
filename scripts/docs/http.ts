/** Generates the tables of routes in docs/reference/http.md. */
import { z } from 'zod'
import { type Operation, refusalsOf } from '../../src/api/index.ts'
import { ERRORS } from '../../src/model/errors.ts'
import { code, codes, partsOf, table } from './page.ts'
import { ROUTES } from './routes.ts'

const of = (wanted: (operation: Operation) => boolean) => ROUTES.filter(wanted)

export const http = partsOf('docs/reference/http.md', {
  classic: table(
    ['Route', 'Takes', 'Success', 'Refusals'],
    of(({ tag }) => tag === 'classic').map((operation) => [
      routeOf(operation),
      fieldsOf(operation),
      successOf(operation),
      statusesOf(operation),
    ]),
  ),
  account: accountTable(of(({ tag, needs }) => tag === 'account' && needs === undefined)),
  mail: accountTable(
    of(
      ({ tag, needs = [] }) =>
        tag === 'account' && needs.some((need) => need === 'mail' || need === 'mail_codes'),
    ),
  ),
})

function accountTable(operations: readonly Operation[]): string {
  return table(
    ['Route', 'Takes (JSON)', 'What it does', 'Refusals'],
    operations.map((operation) => [
      routeOf(operation),
      fieldsOf(operation),
      operation.summary,
      statusesOf(operation),
    ]),
  )
}

function routeOf({ method, path }: Operation): string {
  return code(`${method} ${path}`)
}

function fieldsOf({ body }: Operation): string {
  return codes(Object.keys(body?.shape ?? {}))
}

function successOf({ success }: Operation): string {
  const { status, statusForBrowsers, body, setsCookie, description } = success
  if (body === undefined) {
    const forBrowsers = statusForBrowsers === undefined ? '' : `, for browsers ${statusForBrowsers}`
    return `${status}${forBrowsers}. ${description}`
  }
  const bodies = bodiesOf(z.toJSONSchema(body) as JsonSchema)
  return `${status} ${bodies.map(code).join(' or ')}${setsCookie ? ' and the cookie' : ''}`
}

interface JsonSchema {
  readonly anyOf?: readonly JsonSchema[]
  readonly const?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
}

/** The bodies that a schema describes, with `…` for each value that varies. */
function bodiesOf({ anyOf, properties = {} }: JsonSchema): string[] {
  if (anyOf !== undefined) return anyOf.flatMap(bodiesOf)
  const fields = Object.entries(properties).map(([name, value]) => [name, value.const ?? '…'])
  return [JSON.stringify(Object.fromEntries(fields))]
}

/** The refusals by status, as in: 400 `invalid_email`; 403 `registration_closed`. */
function statusesOf(operation: Operation): string {
  const byStatus = Map.groupBy(refusalsOf(operation), (refusal) => ERRORS[refusal].status)
  return [...byStatus].map(([status, refusals]) => `${status} ${codes(refusals)}`).join('; ')
}
