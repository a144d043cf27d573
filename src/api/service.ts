import { z } from 'zod'
import { operation } from './contract.ts'

export const getHealth = operation({
  method: 'GET',
  path: '/healthz',
  id: 'getHealth',
  summary: 'Whether the process is alive',
  tag: 'service',
  success: { status: 200, description: 'It is.', body: z.strictObject({ status: z.literal('ok') }) },
  errors: [],
})

export const getReadiness = operation({
  method: 'GET',
  path: '/readyz',
  id: 'getReadiness',
  summary:
    'Whether the service can do its work: the database answers, is not known to refuse writes, and its schema is up to date',
  tag: 'service',
  success: { status: 200, description: 'It can.', body: z.strictObject({ status: z.literal('ready') }) },
  errors: [],
})

export const getOpenApi = operation({
  method: 'GET',
  path: '/openapi.json',
  id: 'getOpenApi',
  summary: 'This document',
  tag: 'service',
  needs: 'public_api_docs',
  success: {
    status: 200,
    description: 'An OpenAPI 3.1 document.',
    body: z.looseObject({ openapi: z.string() }),
  },
  errors: [],
})
