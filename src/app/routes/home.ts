import * as api from '../../api/index.ts'
import { type Routes, route, succeed } from '../handlers.ts'

export const homeRoutes: Routes = (engine) => [
  route(engine, api.home, () => succeed(api.home, { message: 'Bienvenue' })),
  route(engine, api.homeAfterLogout, () => succeed(api.homeAfterLogout, { message: 'Bienvenue' })),
]
