import * as api from '../../api/index.ts'
import { type Routes, sessionRoute, succeed } from '../handlers.ts'

export const profileRoutes: Routes = (engine) => [
  sessionRoute(engine, api.getProfile, (_, user) => succeed(api.getProfile, { email: user.email })),
]
