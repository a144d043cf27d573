import * as api from '../../api/index.ts'
import { AuthError } from '../../errors.ts'
import { json } from '../answers.ts'
import { openApiDocument } from '../openapi.ts'
import { type Routes, route } from '../route.ts'

export const serviceRoutes: Routes = (engine) => [
  route(api.getHealth, () => json({ status: 'ok' })),

  route(api.getReadiness, async () => {
    if (!(await engine.isReady())) throw new AuthError('unavailable')
    return json({ status: 'ready' })
  }),

  route(api.getOpenApi, () => json(openApiDocument())),
]
