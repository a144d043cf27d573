/** PHC strings: https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md */
import { argon2Sync, pbkdf2Sync, scryptSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createHasher, readHash } from './index.ts'

const hasher = createHasher({ passwordHash: 'argon2id', bcryptCost: 4 })
const PASSWORD = 'correct horse battery staple'
const SALT = Buffer.from('0123456789abcdef')
const base64 = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')

const cheap = { nonce: SALT, memory: 64, passes: 2, parallelism: 1, tagLength: 32 }
const argon2Key = base64(argon2Sync('argon2id', { message: PASSWORD, ...cheap }))
const argon2 = (parameters: string, version = '$v=19', id = 'argon2id') =>
  `$${id}${version}$${parameters}$${base64(SALT)}$${argon2Key}`
const scryptKey = base64(scryptSync(PASSWORD, SALT, 32, { N: 16, r: 8, p: 1 }))
const scrypt = (parameters: string) => `$scrypt$${parameters}$${base64(SALT)}$${scryptKey}`
const pbkdf2Key = base64(pbkdf2Sync(PASSWORD, SALT, 1_000, 32, 'sha256'))
const pbkdf2 = (parameters: string) => `$pbkdf2-sha256$${parameters}$${base64(SALT)}$${pbkdf2Key}`

describe('a PHC string', () => {
  it.each([
    ...['m=64,t=2,p=1', 'm=64,p=1,t=2', 't=2,m=64,p=1', 't=2,p=1,m=64', 'p=1,m=64,t=2', 'p=1,t=2,m=64'].map(
      (parameters) => argon2(parameters),
    ),
    ...['ln=4,r=8,p=1', 'p=1,r=8,ln=4', 'n=16,r=8,p=1', 'p=1,n=16,r=8'].map(scrypt),
    ...['i=1000', 'i=1000,l=32', 'l=32,i=1000'].map(pbkdf2),
  ])('accepts named parameters in any order: %s', async (hash) => {
    expect(await hasher.verify(PASSWORD, hash)).toBe(true)
    expect(await hasher.verify(`${PASSWORD} `, hash)).toBe(false)
  })

  it.each([argon2('m=64,t=2,p=1'), scrypt('ln=4,r=8,p=1'), pbkdf2('i=1000')])(
    'accepts correct base64 padding, although the specification omits it: %s',
    async (hash) => {
      const [, key = ''] = /\$([^$]+)$/.exec(hash) ?? []
      const padded = hash.replace(base64(SALT), `${base64(SALT)}==`).replace(key, `${key}=`)
      expect(await hasher.verify(PASSWORD, padded)).toBe(true)
      expect(await hasher.verify(`${PASSWORD} `, padded)).toBe(false)
      // Wrong padding is refused.
      for (const wrong of [`${hash}==`, `${padded}=`, hash.replace(base64(SALT), `${base64(SALT)}=`)])
        expect(readHash(wrong), wrong).toEqual({ problem: 'is damaged or cut off' })
    },
  )

  it.each([
    [argon2('m=64,t=2'), 'lacks the parameter p'],
    [argon2('t=2,p=1'), 'lacks the parameter m'],
    [argon2('m=64,p=1'), 'lacks the parameter t'],
    [argon2('').replace('$$', '$'), 'lacks the parameter m'],
    [argon2('m=64,t=2,p=1,m=64'), 'has the parameter m twice'],
    [argon2('m=64,t=2,p=1,t=1'), 'has the parameter t twice'],
    [argon2('m=64,t=2,p=1,x=1'), 'has the parameter x, which its algorithm does not have'],
    [argon2('m=64,t=2,p=1,v=19'), 'has the parameter v, which its algorithm does not have'],
    [argon2('ln=4,r=8,p=1'), 'has the parameter ln, which its algorithm does not have'],
    [argon2('m=64,t=2,p'), 'has parameters that are not written as name=value'],
    [argon2('m=64,t=2,p='), 'has parameters that are not written as name=value'],
    [argon2('m=64,,t=2,p=1'), 'has parameters that are not written as name=value'],
    [argon2('m=64,t=2,p=1,'), 'has parameters that are not written as name=value'],
    [argon2('m=64;t=2;p=1'), 'has parameters that are not written as name=value'],
    [argon2('m=64, t=2, p=1'), 'has parameters that are not written as name=value'],
    [argon2('m=064,t=2,p=1'), 'has parameters that its algorithm does not allow'],
    [argon2('m=sixty,t=2,p=1'), 'has parameters that its algorithm does not allow'],
    [argon2('m=64,t=2.5,p=1'), 'has parameters that its algorithm does not allow'],
    [argon2('m=64,t=-2,p=1'), 'has parameters that its algorithm does not allow'],
    [argon2('m=64,t=2,p=1,keyid=c2VjcmV0'), 'needs a secret key (parameter keyid), which is not supported'],
    [argon2('m=64,t=2,p=1,data=c'), 'has a parameter data that is not base64'],
    [argon2('m=64,t=2,p=1', ''), 'is argon2 of a version other than 19, which is not supported'],
    [argon2('m=64,t=2,p=1', '$v=16'), 'is argon2 of a version other than 19, which is not supported'],
    [argon2('m=64,t=2,p=1', '$v=19', 'argon2d'), 'is argon2d, which is not supported'],
    [scrypt('r=8,p=1'), 'lacks the parameter ln'],
    [scrypt('ln=4,p=1'), 'lacks the parameter r'],
    [scrypt('n=16,ln=4,r=8,p=1'), 'has both of the parameters n and ln'],
    [scrypt('n=15,r=8,p=1'), 'has parameters that its algorithm does not allow'],
    [scrypt('ln=four,r=8,p=1'), 'has parameters that its algorithm does not allow'],
    [
      scrypt('n=4294967296,r=8,p=1'),
      'has a memory in KiB of 4294967296, and the limit of this service is 262144',
    ],
    [scrypt('ln=4,r=8,p=1,t=1'), 'has the parameter t, which its algorithm does not have'],
    [pbkdf2('l=32'), 'lacks the parameter i'],
    [pbkdf2('i=1000,l=31'), 'has parameters that its algorithm does not allow'],
    [pbkdf2('i=1000,d=sha256'), 'has the parameter d, which its algorithm does not have'],
    [
      `$bcrypt$v=98$c=10$${base64(SALT)}$${base64(SALT)}AAAAAAAAAA`,
      'has the parameter c, which its algorithm does not have',
    ],
  ])('is refused with the problem in its parameters: %s', async (hash, problem) => {
    expect(readHash(hash)).toEqual({ problem })
    expect(await hasher.verify(PASSWORD, hash)).toBe(false)
  })

  it('includes the associated data of argon2 in the hash', async () => {
    const associatedData = Buffer.from('tenant 7')
    const key = base64(argon2Sync('argon2id', { message: PASSWORD, ...cheap, associatedData }))
    const hash = (data: string) => `$argon2id$v=19$m=64,t=2,p=1,data=${data}$${base64(SALT)}$${key}`
    expect(await hasher.verify(PASSWORD, hash(base64(associatedData)))).toBe(true)
    expect(await hasher.verify(PASSWORD, hash(`${base64(associatedData)}=`))).toBe(true)
    expect(await hasher.verify(PASSWORD, hash(base64(Buffer.from('tenant 8'))))).toBe(false)
  })

  it.each([
    ['m=19456,t=2,p=1', false],
    // node-argon2 and AdonisJS
    ['m=19456,p=1,t=2', false],
    ['t=2,m=19456,p=1', false],
    ['m=19457,p=1,t=2', true],
    ['m=19456,p=2,t=2', true],
    ['m=19456,p=1,t=1', true],
    ['m=19456,t=2,p=1,data=dGVuYW50IDc', true],
  ])(
    'of argon2id needs a rehash only if its parameters differ, in any order: %s, %j',
    (parameters, needed) => {
      expect(hasher.needsRehash(PASSWORD, argon2(parameters))).toBe(needed)
      expect(hasher.needsRehash(PASSWORD, argon2(parameters, '$v=19', 'argon2i'))).toBe(true)
      expect(hasher.needsRehash(PASSWORD, `argon2${argon2(parameters)}`)).toBe(true)
      expect(hasher.needsRehash(PASSWORD, `{ARGON2ID}${argon2(parameters)}`)).toBe(true)
    },
  )
})
