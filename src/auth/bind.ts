/** Binds use cases to a context, so that callers pass only their own parameters. */
import { isUnavailable } from '../db/index.ts'
import { AuthError } from '../model/errors.ts'
import type { Context } from './context.ts'

/** A module of use cases. */
export type UseCases = Record<string, (ctx: Context, ...rest: never[]) => Promise<unknown> | AsyncGenerator>

/**
 * The functions of a module without their first parameter. Editors show the doc comment of each function, because the
 * type is mapped over the module. In a use case, name the parameters: a destructured one appears as `rest_0`.
 */
export type Bound<Module> = {
  readonly [Name in keyof Module]: Module[Name] extends (ctx: Context, ...rest: infer Rest) => infer Result
    ? (...rest: Rest) => Result
    : never
}

/**
 * Binds every use case of a module. A fault of the database becomes the error `unavailable`.
 *
 * @param absent - Stands for a required argument that plain JavaScript left out, or passed as `null`. `undefined`: it stays
 *   as it is. An optional one has its default.
 */
export function bind<Module extends UseCases>(
  ctx: Context,
  useCases: Module,
  absent: object | undefined,
): Bound<Module> {
  return Object.fromEntries(
    Object.entries(useCases).map(([name, useCase]) => [
      name,
      (...rest: unknown[]) => {
        // The length of a function does not count parameters with a default.
        const required = useCase.length - 1
        const given = rest.map((argument, index) => (index < required ? argument : (argument ?? undefined)))
        for (let index = 0; absent !== undefined && index < required; index++) given[index] ??= absent
        try {
          const result = useCase(ctx, ...(given as never[]))
          return result instanceof Promise
            ? result.catch((error: unknown) => Promise.reject(namedOutage(error)))
            : withNamedOutages(result)
        } catch (error) {
          return Promise.reject(error)
        }
      },
    ]),
  ) as Bound<Module>
}

async function* withNamedOutages<Item>(items: AsyncGenerator<Item>): AsyncGenerator<Item> {
  try {
    yield* items
  } catch (error) {
    throw namedOutage(error)
  }
}

function namedOutage(error: unknown): unknown {
  return isUnavailable(error) ? new AuthError('unavailable', { cause: error }) : error
}
