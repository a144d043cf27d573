import { expect, it } from 'vitest'
import { z } from 'zod'
import { freshAuth, onEachEngine } from '../../../test/support/engines.ts'
import type { AuditRecord, MetadataSchemas } from '../../index.ts'

const BOB = { email: 'bob@example.com', password: 'b4l0u' }

onEachEngine('a change by a program', (engine) => {
  it('writes profile and metadata, each replaced as a whole', async () => {
    const audit: AuditRecord[] = []
    const auth = await freshAuth(engine, { onAudit: (record) => void audit.push(record) })
    const { id } = await auth.users.create(BOB)
    audit.length = 0
    const changes = {
      name: 'Bob',
      picture: 'http://localhost:3000/bob.png',
      locale: 'de',
      metadata: { plan: 'pro', seats: [1, 2] },
      privateMetadata: { customer: 'cus_1', text: '\0\u2028"\\' },
    }
    const { privateMetadata, ...readable } = changes
    const changed = await auth.users.update(id, changes)
    expect(changed).toMatchObject({ id, ...readable })
    expect((await auth.users.find(BOB.email))?.user).toMatchObject(readable)
    expect(await auth.users.privateMetadata(id)).toEqual(privateMetadata)

    expect(await auth.users.update(id, { metadata: { theme: 'dark' }, privateMetadata: null })).toEqual({
      ...changed,
      metadata: { theme: 'dark' },
    })
    expect(await auth.users.privateMetadata(id)).toEqual({})
    expect((await auth.users.update(id, { metadata: {} }))?.metadata).toEqual({})
    expect(audit).toMatchObject([
      { action: 'update_profile', actor: 'operator', details: { fields: Object.keys(changes).join(', ') } },
      { details: { fields: 'metadata, privateMetadata' } },
      { details: { fields: 'metadata' } },
    ])
    expect(JSON.stringify(audit)).not.toContain('cus_1')
  })

  it('does nothing to a user who does not exist', async () => {
    const auth = await freshAuth(engine)
    expect(await auth.users.update(99, { name: 'Nobody' })).toBeNull()
    expect(await auth.users.privateMetadata(99)).toBeNull()
  })

  it.each<[field: string, value: unknown, problem: RegExp]>([
    ['metadata', { text: 'x'.repeat(8_192) }, /^The metadata has more than 8192 bytes as JSON\.$/],
    ['metadata', JSON.parse('{"__proto__":{"isAdmin":true}}'), /^The metadata has a member __proto__/],
    ['privateMetadata', { at: new Date(0) }, /^The private metadata contains a value that JSON/],
    ['metadata', 'text', /^The metadata is not a JSON object\.$/],
    ['name', 'Bob\u202e', /^The name contains U\+202E/],
    ['picture', 'javascript:alert(1)', /^The picture is not an absolute https URL\.$/],
  ])('refuses the %s %j and writes nothing', async (field, value, problem) => {
    const auth = await freshAuth(engine)
    const created = await auth.users.create({ ...BOB, metadata: { plan: 'pro' } })
    const refusal = { code: 'invalid_field', field, message: expect.stringMatching(problem) }
    const changes = { locale: 'fr', [field]: value }
    await expect(auth.users.update(created.id, changes)).rejects.toMatchObject(refusal)
    await expect(auth.users.create({ ...BOB, email: 'rob@example.com', ...changes })).rejects.toMatchObject(
      refusal,
    )
    expect((await auth.users.find(BOB.email))?.user).toMatchObject(created)
    expect(await auth.users.find('rob@example.com')).toBeNull()
    expect({}).not.toHaveProperty('isAdmin')
  })

  it('refuses fields that are not part of a profile', async () => {
    const auth = await freshAuth(engine)
    const { id } = await auth.users.create(BOB)
    for (const field of ['email', 'hashedPassword', 'disabledAt', 'private_metadata']) {
      const refusal = { code: 'unknown_field', field }
      await expect(auth.users.update(id, { [field]: 'x' })).rejects.toMatchObject(refusal)
    }
    await expect(auth.users.update(id, {})).rejects.toMatchObject({ code: 'missing_field' })
  })
})

onEachEngine('metadata with a schema', (engine) => {
  const metadataSchema = {
    public: z.strictObject({ plan: z.enum(['free', 'pro']), seats: z.int().default(1) }),
    private: z.object({ customer: z.string().startsWith('cus_') }),
  }

  it('is stored as the schema returns it, and refused with the place that the schema names', async () => {
    const auth = await freshAuth(engine, { metadataSchema })
    const { id, metadata } = await auth.users.create({ ...BOB, metadata: { plan: 'free' } })
    expect(metadata).toEqual({ plan: 'free', seats: 1 })
    await auth.users.update(id, { privateMetadata: { customer: 'cus_1', other: true } })
    expect(await auth.users.privateMetadata(id)).toEqual({ customer: 'cus_1' })
    for (const [field, value, where] of [
      ['metadata', { plan: 'gold' }, 'at plan: '],
      ['metadata', { plan: 'pro', role: 'admin' }, ': '],
      ['metadata', {}, 'at plan: '],
      ['privateMetadata', { customer: 7 }, 'at customer: '],
    ] as const)
      await expect(auth.users.update(id, { name: 'Bob', [field]: value })).rejects.toMatchObject({
        code: 'invalid_field',
        field,
        message: expect.stringMatching(new RegExp(`is refused by the schema ?${where}.`)),
      })
    expect((await auth.users.find(BOB.email))?.user).toMatchObject({ name: null, metadata })
    // Empty metadata is always allowed, because accounts begin without metadata.
    expect((await auth.users.update(id, { metadata: null }))?.metadata).toEqual({})
  })

  it('is checked in an import too', async () => {
    const auth = await freshAuth(engine, { metadataSchema })
    const line = (email: string, more: object) => ({ fields: { email, hashed_password: '!', ...more } })
    const lines = [
      line('a@example.com', { metadata: { plan: 'pro' } }),
      line('b@example.com', { metadata: { plan: 'gold' } }),
      line('c@example.com', { private_metadata: { customer: 'x' } }),
      line('d@example.com', {}),
    ]
    const [step] = await Array.fromAsync(auth.transfer.importUsers(lines))
    expect(step).toMatchObject({ added: 2 })
    expect(step?.rejected.map(({ problem }) => problem)).toEqual([
      expect.stringMatching(/^metadata: is refused by the schema at plan: /),
      expect.stringMatching(/^private_metadata: is refused by the schema at customer: /),
    ])
    expect((await auth.users.find('a@example.com'))?.user.metadata).toEqual({ plan: 'pro', seats: 1 })
    // The same file again: the defaults are filled in before it is compared.
    const [again] = await Array.fromAsync(auth.transfer.importUsers(lines))
    expect(again).toMatchObject({ added: 0, unchanged: 2 })
  })

  it.each([
    [{ public: {} }, /public is not a Standard Schema/],
    [{ private: 'text' }, /private is not a Standard Schema/],
    [{ secret: z.object({}) }, /secret is unknown/],
  ])('must be one: %j is refused', async (given, problem) => {
    const schemas = given as unknown as MetadataSchemas
    await expect(freshAuth(engine, { metadataSchema: schemas })).rejects.toMatchObject({
      option: 'metadataSchema',
      message: expect.stringMatching(problem),
    })
  })
})
