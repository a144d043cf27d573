/** What the tests of the commands expect of their output. */
import { expect } from 'vitest'
import type { Finished } from './service.ts'

export const EMAIL = 'guillaume@holberton.io'
export const PASSWORD = 'b4l0u'
export const SECRET = 's3cr3t'

/** Expects one line on standard error, without a stack or a class name, and nothing on standard output. */
export function expectRefusal({ exitCode, stdout, stderr }: Finished, expected: number, says: RegExp): void {
  expect(stderr).toMatch(/^bienvenue: [^\n]+\n$/)
  expect(stderr).toMatch(says)
  expect(stderr).not.toMatch(/\bat .+:\d+|node:|[A-Z]\w*Error/)
  expect(stderr).not.toContain(SECRET)
  expect(stdout).toBe('')
  expect(exitCode).toBe(expected)
}

/** Expects success without any output on standard error. */
export function expectDone({ exitCode, stdout, stderr }: Finished): string {
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return stdout
}
