import type { AuthService } from '../../src/auth/index.ts'

/**
 * Calls a use case as most of its topic are called: with the id of a user in `users`, else with a session.
 *
 * @param name - Such as `users.disable`.
 */
export function callByShape(
  auth: AuthService,
  name: string,
  { id, sessionToken }: { readonly id: number; readonly sessionToken: string | null },
): Promise<unknown> | undefined {
  const [topic = '', useCase = ''] = name.split('.')
  const useCases = auth[topic as keyof AuthService] as unknown as Readonly<
    Record<string, (...input: unknown[]) => Promise<unknown>>
  >
  return topic === 'users' ? useCases[useCase]?.(id, ANY_REQUEST) : useCases[useCase]?.({ sessionToken })
}

/** A request in which every field is a text. As a caller, it does not say who acts. */
const ANY_REQUEST: unknown = new Proxy({}, { get: (_, name) => (name === 'actor' ? undefined : 'text') })
