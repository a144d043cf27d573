import { z } from 'zod'
import { operation } from './contract.ts'

const success = {
  status: 200,
  description: 'The service is here.',
  body: z.strictObject({ message: z.literal('Bienvenue') }),
} as const

export const home = operation({
  method: 'GET',
  path: '/',
  id: 'home',
  summary: 'Says welcome',
  tag: 'classic',
  success,
  errors: [],
})

export const homeAfterLogout = operation({
  method: 'DELETE',
  path: '/',
  id: 'homeAfterLogout',
  summary: 'The same, for clients that repeat DELETE when a logout redirects them. It deletes nothing',
  tag: 'classic',
  success,
  errors: [],
})
