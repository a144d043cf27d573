import { expect, it } from 'vitest'
import { type CreateAuthOptions, createAuth } from '../index.ts'

const nothing = () => {}

it.each<[option: string, given: unknown, problem: string]>([
  ['now', new Date(0), 'expected a function'],
  ['now', null, 'expected a function'],
  ['onAudit', {}, 'expected a function'],
  [
    'hasher',
    null,
    'expected an object with the methods hash, verify, verifyNothing, needsRehash; hash is missing',
  ],
  ['hasher', { hash: nothing, verify: nothing }, 'verifyNothing is missing'],
  ['mailer', 'smtp://127.0.0.1', 'send is missing'],
  ['mailer', { send: nothing }, 'close is missing'],
  ['logger', nothing, 'debug is missing'],
  ['logger', { debug: nothing, info: nothing, warn: nothing, error: 'stderr' }, 'error is missing'],
  ['metadataSchema', null, 'expected an object with public, private or both'],
])('the option %s refuses %j', async (option, given, problem) => {
  const options = { databaseUrl: 'sqlite::memory:', [option]: given } as CreateAuthOptions
  await expect(createAuth(options)).rejects.toMatchObject({
    name: 'OptionError',
    option,
    message: expect.stringContaining(problem),
  })
})
