import { operation } from '../contract.ts'

export const asset = operation({
  method: 'GET',
  path: '/assets/{name}',
  summary: 'Get a style sheet, script or image of the hosted pages',
  tag: 'page',
  access: 'anyone',
  params: { name: 'The name contains a hash of the content, so the content never changes.' },
  success: { status: 200, description: 'The file. Browsers may keep it for a year.', file: true },
  errors: ['not_found'],
})
