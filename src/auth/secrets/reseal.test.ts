import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { onBothEngines } from '../../../test/support/engines.ts'
import {
  breakTable,
  everyRow,
  PASSWORD,
  productionContext,
  randomKey,
} from '../../../test/support/production.ts'
import { addSealedTotp, ringOf } from '../../../test/support/sealed-rows.ts'
import * as store from '../../db/index.ts'
import { sealedKeyId } from '../../lib/seal.ts'
import type { Context } from '../context.ts'
import { add } from '../providers/configure.ts'
import { configOf } from '../providers/provider.ts'
import { importUsers } from '../transfer/index.ts'
import { create } from '../users/index.ts'
import { reseal } from './reseal.ts'
import { seal, unseal } from './sealing.ts'

const [OLD, NEW, OTHER] = [randomKey(), randomKey(), randomKey()]

async function addUser(ctx: Context, email = 'alice@example.com'): Promise<number> {
  const { id } = await create(ctx, { email, password: PASSWORD, confirmed: true })
  return id
}

async function totpOf(ctx: Context, userId: number): Promise<store.Totp> {
  return (await store.findTotp(ctx.db, userId)) ?? expect.unreachable()
}

onBothEngines('reseal', (engine) => {
  it('seals every secret with the first key, so that the others can be removed [CRY-04]', async () => {
    const ctx = await productionContext(engine, { secretKey: [NEW, OLD] })
    const [alice, bob] = [await addUser(ctx), await addUser(ctx, 'bob@example.com')]
    const [secret, pending] = [randomBytes(20), randomBytes(20)]
    await addSealedTotp(ctx.db, ringOf(OLD), { userId: alice, secret, pending })
    await addSealedTotp(ctx.db, ringOf(NEW, OLD), { userId: bob, secret, pending })
    const before = [await totpOf(ctx, alice), await totpOf(ctx, bob)] as const

    expect(await reseal(ctx)).toEqual({ resealed: 2, unknownKey: 0, altered: 0 })

    const [after, ofBob] = [await totpOf(ctx, alice), await totpOf(ctx, bob)]
    expect(ofBob).toEqual(before[1])
    const only = ringOf(NEW)
    expect(after).toEqual({
      ...before[0],
      sealedSecret: expect.any(Uint8Array),
      pendingSealedSecret: expect.any(Uint8Array),
    })
    expect(unseal(only, 'totp.sealed_secret', alice, after.sealedSecret ?? expect.unreachable())).toEqual(
      secret,
    )
    expect(
      unseal(only, 'totp.pending_sealed_secret', alice, after.pendingSealedSecret ?? expect.unreachable()),
    ).toEqual(pending)
    expect(await store.countSealed(ctx.db)).toEqual(new Map([[only.keyIds[0], 4]]))
    expect(await reseal(ctx)).toEqual({ resealed: 0, unknownKey: 0, altered: 0 })
  })

  it('seals the client secrets of providers too [CRY-04]', async () => {
    const ctx = await productionContext(engine, { secretKey: [NEW, OLD] })
    const request = { preset: 'google', clientId: 'bienvenue', clientSecret: 'of the provider' } as const
    await add({ ...ctx, keys: ringOf(OLD) }, request)
    expect(await reseal(ctx)).toEqual({ resealed: 1, unknownKey: 0, altered: 0 })
    const provider = (await store.findProvider(ctx.db, 'google')) ?? expect.unreachable()
    expect(configOf({ ...ctx, keys: ringOf(NEW) }, provider).clientSecret).toBe('of the provider')
  })

  it('leaves what it cannot open as it is, and counts it', async () => {
    const ctx = await productionContext(engine, { secretKey: [NEW, OLD] })
    const [alice, bob, carol] = [
      await addUser(ctx),
      await addUser(ctx, 'bob@example.com'),
      await addUser(ctx, 'carol@example.com'),
    ]
    const secrets = { secret: randomBytes(20), pending: randomBytes(20) }
    await addSealedTotp(ctx.db, ringOf(OTHER), { userId: alice, ...secrets })
    await addSealedTotp(ctx.db, ringOf(OLD), { userId: bob, ...secrets })
    await addSealedTotp(ctx.db, ringOf(OLD), { userId: carol, ...secrets })
    // The secret of Bob in the row of Carol.
    const { sealedSecret } = await totpOf(ctx, bob)
    await ctx.db
      .updateTable('totp')
      .set({ sealed_secret: sealedSecret })
      .where('user_id', '=', carol)
      .execute()
    const before = [await totpOf(ctx, alice), await totpOf(ctx, carol)] as const
    expect(await reseal(ctx)).toEqual({ resealed: 3, unknownKey: 2, altered: 1 })
    expect(await totpOf(ctx, alice)).toEqual(before[0])
    expect((await totpOf(ctx, carol)).sealedSecret).toEqual(before[1].sealedSecret)
  })

  it('seals more secrets than one transaction changes, past those that it cannot open', async () => {
    const ctx = await productionContext(engine, { secretKey: [NEW, OLD] })
    const [old, other] = [ringOf(OLD), ringOf(OTHER)]
    const items = Array.from({ length: 1_101 }, (_, index) => ({
      fields: { email: `user${index}@example.com`, hashed_password: '!' },
    }))
    await Array.fromAsync(importUsers(ctx, items))
    const users = await ctx.db.selectFrom('users').select('id').orderBy('id').execute()
    const rows = users.map(({ id }, index) => ({
      user_id: id,
      sealed_secret: seal(index < 550 ? other : old, 'totp.sealed_secret', id, randomBytes(20)),
      failures: 0,
    }))
    await ctx.db.insertInto('totp').values(rows).execute()
    expect(await reseal(ctx)).toEqual({ resealed: 551, unknownKey: 550, altered: 0 })
    const records = await ctx.db
      .selectFrom('audit')
      .select('details')
      .where('action', '=', 'reseal_secrets')
      .execute()
    // In each transaction. The first one opened none.
    expect(records.map(({ details }) => details).sort()).toEqual(['{"secrets":101}', '{"secrets":450}'])
  })

  it('is recorded together with its changes, without the secrets [AUD-06]', async () => {
    const ctx = await productionContext(engine, { secretKey: [NEW, OLD] })
    const alice = await addUser(ctx)
    await addSealedTotp(ctx.db, ringOf(OLD), {
      userId: alice,
      secret: randomBytes(20),
      pending: randomBytes(20),
    })
    const before = await everyRow(ctx.db)
    const repair = await breakTable(ctx.db, 'audit', 'insert')
    await expect(reseal(ctx)).rejects.toThrow('broken by the test')
    expect(await everyRow(ctx.db)).toEqual(before)
    await repair()
    await reseal(ctx, { actor: { kind: 'operator', id: 'root' } })
    const records = await ctx.db
      .selectFrom('audit')
      .selectAll()
      .where('action', '=', 'reseal_secrets')
      .execute()
    expect(records).toMatchObject(
      Array(2).fill({ actor: 'operator', actor_id: 'root', user_id: null, details: '{"secrets":1}' }),
    )
  })

  it('does not undo a concurrent change', async () => {
    const ctx = await productionContext(engine, { secretKey: [NEW, OLD] })
    const alice = await addUser(ctx)
    await addSealedTotp(ctx.db, ringOf(OLD), {
      userId: alice,
      secret: randomBytes(20),
      pending: randomBytes(20),
    })
    const column = store.SEALED_COLUMNS['totp.sealed_secret']
    const read = { row: alice, sealed: (await totpOf(ctx, alice)).sealedSecret ?? expect.unreachable() }
    const replace = (sealed: Uint8Array) =>
      ctx.db.transaction().execute((tx) => store.replaceSealed(tx, column, read, sealed))
    const changed = randomBytes(54)
    expect(await replace(changed)).toBe(true)
    expect(await replace(randomBytes(54))).toBe(false)
    expect(Buffer.from((await totpOf(ctx, alice)).sealedSecret ?? [])).toEqual(changed)
  })

  it.each<['development' | 'classic']>([['development'], ['classic']])(
    'is refused without a secret key, as %s mode allows',
    async (mode) => {
      const ctx = await productionContext(engine)
      const options = { ...ctx.options, mode, secretKey: '' }
      for (const keys of [ctx.keys, null])
        await expect(reseal({ ...ctx, keys, options })).rejects.toMatchObject({ option: 'secretKey' })
    },
  )
})

it('a secret can be opened only in its own column and row', () => {
  const ring = ringOf(NEW)
  const secret = randomBytes(20)
  const sealed = seal(ring, 'totp.sealed_secret', 1, secret)
  expect(sealedKeyId(sealed)).toBe(ring.keyIds[0])
  expect(unseal(ring, 'totp.sealed_secret', 1, sealed)).toEqual(secret)
  expect(unseal(ring, 'totp.pending_sealed_secret', 1, sealed)).toBe('altered')
  expect(unseal(ring, 'totp.sealed_secret', 2, sealed)).toBe('altered')
  expect(unseal(ringOf(OTHER), 'totp.sealed_secret', 1, sealed)).toBe('unknown_key')
})

it('the registry names every column of sealed secrets', () => {
  expect(store.SEALED_COLUMNS).toEqual({
    'totp.sealed_secret': { table: 'totp', column: 'sealed_secret', key: 'user_id', purpose: 'totp' },
    'totp.pending_sealed_secret': {
      table: 'totp',
      column: 'pending_sealed_secret',
      key: 'user_id',
      purpose: 'totp',
    },
    'providers.sealed_client_secret': {
      table: 'providers',
      column: 'sealed_client_secret',
      key: 'id',
      purpose: 'provider client secret',
    },
  })
})
