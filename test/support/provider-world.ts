/** The parts of Alice's world for operations about other providers. */
import * as store from '../../src/db/index.ts'
import { mintBearer } from '../../src/lib/bearer.ts'
import { uuidV7 } from '../../src/lib/random.ts'
import {
  addFakeProvider,
  comeBack,
  type KnownProvider,
  logoutTokenOf,
  PROVIDER,
  type Return,
} from './providers.ts'
import type { World } from './world.ts'

const KNOWN = new WeakMap<World, Promise<KnownProvider>>()

/** The provider of this world, added on first use. */
export function providerIn(world: World): Promise<KnownProvider> {
  const known = KNOWN.get(world) ?? addFakeProvider(world.auth, world.now)
  KNOWN.set(world, known)
  return known
}

/** Connects Alice's account to the person at the provider, once. @returns The id of the identity. */
export async function connectedIdentity(world: World): Promise<string> {
  const { db, now, userId } = world
  const { issuer, person } = await providerIn(world)
  const subject = person.sub
  const known = await store.findIdentity(db, { issuer, subject })
  if (known !== null) return known.id
  const identity = {
    id: uuidV7(now()),
    userId,
    providerId: PROVIDER,
    issuer,
    subject,
    email: person.email,
    emailVerified: true,
    createdAt: now(),
    lastUsedAt: null,
  }
  await db.transaction().execute((tx) => store.addIdentity(tx, identity))
  return identity.id
}

/** The token of a flow that waits for an address, because the provider gave none. */
export async function waitingFlow(world: World): Promise<string> {
  const { db, now } = world
  const { issuer } = await providerIn(world)
  const { value, id, secretHash } = mintBearer(now())
  await store.addLoginFlow(db, {
    id,
    secretHash,
    providerId: PROVIDER,
    purpose: 'sign_in',
    userId: null,
    sessionId: null,
    persistent: true,
    returnTo: null,
    expiresAt: new Date(now().getTime() + 600_000),
  })
  const nobody = { email: null, emailVerified: false, name: null, sid: null }
  await store.keepIdentification(db, id, { issuer, subject: 'person-without-address', ...nobody })
  return value
}

/** A browser that comes back from the provider. */
export async function returned(
  world: World,
  purpose: 'sign_in' | 'link' | 'reauthenticate' = 'sign_in',
): Promise<Return> {
  const { auth, sessionToken } = world
  const fake = await providerIn(world)
  const request = { provider: PROVIDER }
  const started =
    purpose === 'sign_in'
      ? await auth.providers.startSignIn(request)
      : purpose === 'link'
        ? await auth.identities.link(request, { sessionToken })
        : await auth.providers.startReauthentication(request, { sessionToken })
  return comeBack(fake, started)
}

/** A logout token: Alice has signed out at the provider. */
export async function logoutToken(world: World): Promise<string> {
  await connectedIdentity(world)
  const provider = await providerIn(world)
  return logoutTokenOf(provider, world.now, { sub: provider.person.sub, jti: uuidV7(world.now()) })
}
