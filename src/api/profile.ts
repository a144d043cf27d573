import { z } from 'zod'
import { operation } from './contract.ts'

export const getProfile = operation({
  method: 'GET',
  path: '/profile',
  id: 'getProfile',
  summary: 'Who the session belongs to',
  tag: 'classic',
  session: true,
  success: {
    status: 200,
    description: 'The user of the session.',
    body: z.strictObject({ email: z.string() }),
  },
  errors: [],
})
