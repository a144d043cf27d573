import { z } from 'zod'
import { operation } from './contract.ts'

export const home = operation({
  method: 'GET',
  path: '/',
  id: 'home',
  summary: 'Says welcome',
  tag: 'classic',
  success: {
    status: 200,
    description: 'The service is here.',
    body: z.strictObject({ message: z.literal('Bienvenue') }),
  },
  errors: [],
})
