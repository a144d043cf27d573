import * as api from '../../api/index.ts'
import { json } from '../answers.ts'
import { type Routes, route } from '../route.ts'

export const homeRoutes: Routes = () => [route(api.home, () => json({ message: 'Bienvenue' }))]
