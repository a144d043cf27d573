import { z } from 'zod'
import { operation } from './contract.ts'

const welcomed = {
  status: 200,
  description: 'The service answers.',
  body: z.strictObject({ message: z.literal('Bienvenue') }),
} as const

export const welcome = operation({
  method: 'GET',
  path: '/',
  summary: 'Check that the service answers',
  tag: 'classic',
  access: 'anyone',
  success: welcomed,
})

export const welcomeAfterSignOut = operation({
  method: 'DELETE',
  path: '/',
  summary: 'Answer clients that follow the redirect of a sign-out with DELETE; deletes nothing',
  tag: 'classic',
  access: 'anyone',
  success: welcomed,
})

export const health = operation({
  method: 'GET',
  path: '/healthz',
  summary: 'Check that the process is alive',
  tag: 'service',
  access: 'anyone',
  success: {
    status: 200,
    description: 'The process is alive.',
    body: z.strictObject({ status: z.literal('ok') }),
  },
})

export const readiness = operation({
  method: 'GET',
  path: '/readyz',
  summary:
    'Check that the service is ready: the database answers, is not known to refuse writes, and has the required schema',
  tag: 'service',
  access: 'anyone',
  success: {
    status: 200,
    description: 'The service is ready.',
    body: z.strictObject({ status: z.literal('ready') }),
  },
})

export const openApi = operation({
  method: 'GET',
  path: '/openapi.json',
  summary: 'Get this document',
  tag: 'service',
  needs: ['public_api_docs'],
  access: 'anyone',
  success: {
    status: 200,
    description: 'An OpenAPI 3.1 document.',
    body: z.looseObject({ openapi: z.string() }),
  },
})
