import * as api from '../../api/index.ts'
import { AuthError } from '../../errors.ts'
import { openApiDocument } from '../openapi.ts'
import { type Routes, route, succeed } from '../route.ts'

export const serviceRoutes: Routes = (engine) => [
  route(engine, api.getHealth, () => succeed(api.getHealth, { status: 'ok' })),

  route(engine, api.getReadiness, async () => {
    if (!(await engine.isReady())) throw new AuthError('unavailable')
    return succeed(api.getReadiness, { status: 'ready' })
  }),

  route(engine, api.getOpenApi, () => succeed(api.getOpenApi, openApiDocument())),
]
