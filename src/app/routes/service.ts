import * as api from '../../api/index.ts'
import { AuthError } from '../../errors.ts'
import { openApiDocument } from '../openapi.ts'
import { type Routes, route, succeed } from '../handlers.ts'
import { servedOperations } from '../served.ts'

export const serviceRoutes: Routes = (engine) => {
  let document: ReturnType<typeof openApiDocument> | undefined
  return [
    route(engine, api.getHealth, () => succeed(api.getHealth, { status: 'ok' })),

    route(engine, api.getReadiness, async () => {
      if (!(await engine.isReady())) throw new AuthError('unavailable')
      return succeed(api.getReadiness, { status: 'ready' })
    }),

    route(engine, api.getOpenApi, () => {
      // Made when it is first asked for.
      document ??= openApiDocument(servedOperations(engine), engine.options)
      return succeed(api.getOpenApi, document)
    }),
  ]
}
