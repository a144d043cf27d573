/** What the client knows about its session, learned from the answers to all calls. */
import { createListeners } from './listeners.ts'
import { onShown } from './shown.ts'
import type { CurrentSession, Result, Route, SessionStore } from './types.ts'

export interface SessionState {
  readonly store: SessionStore
  readonly onSignedOut: (listener: () => void) => () => void
  /**
   * Notes that a call begins.
   *
   * @returns Takes its result (`undefined`: the call failed), and whether it carried a bearer token.
   */
  start(route: Route): (result: Result<unknown> | undefined, hadToken: boolean) => void
}

const NOBODY: CurrentSession = { user: null, session: null }

/** The route of `GET /session`, whose answer is the current session. */
const isCurrent = ({ method, path }: Route) => method === 'GET' && path === '/session'

/** Whether an answer says that there is no session. */
export function saysSignedOut(route: Route, result: Result<unknown>): boolean {
  if (result.ok) return isCurrent(route) && (result.data as CurrentSession).user === null
  return result.error.code === 'unauthenticated' || result.error.code === 'session_required'
}

/** @param ask - Calls `GET /session`. */
export function createSessionState(ask: SessionStore['get']): SessionState {
  const subscribers = createListeners<CurrentSession | undefined>()
  const signedOut = createListeners<void>()
  let current: CurrentSession | undefined
  /** Whether the last answers prove that there is a session. */
  let isSignedIn = false
  /** Calls under way that replace or end the session. Others may still carry the old one, and be refused. */
  let replacing = 0
  /** Raised by every change. What was asked before it is out of date. */
  let version = 0
  let asking: ReturnType<SessionStore['get']> | undefined
  let stopWatching: (() => void) | undefined

  function show(next: CurrentSession): void {
    isSignedIn = next.user !== null
    if (JSON.stringify(next) === JSON.stringify(current)) return
    current = next
    subscribers.notify(next)
  }

  function end(): void {
    show(NOBODY)
    signedOut.notify()
  }

  function get(): ReturnType<SessionStore['get']> {
    if (asking !== undefined) return asking
    const request = ask().finally(() => {
      if (asking === request) asking = undefined
    })
    asking = request
    return request
  }

  /** Asks again, if anyone wants to know. If it fails, the next occasion tries again. */
  function refresh(): void {
    if (subscribers.size() > 0) get().catch(() => {})
  }

  /** A call other than a GET has succeeded. */
  function noteChange({ session }: Route): void {
    version++
    asking = undefined
    if (session === 'ends') {
      end()
      return
    }
    if (session !== undefined) isSignedIn = true
    refresh()
  }

  /** An answer tells whether there is a session. */
  function noteAnswer(route: Route, result: Result<unknown>, hadToken: boolean): void {
    if (!saysSignedOut(route, result)) {
      if (result.ok && isCurrent(route)) show(result.data as CurrentSession)
      else if (result.ok && route.session !== undefined) isSignedIn = true
    } else if (!isSignedIn && !hadToken) {
      show(NOBODY)
    } else if (replacing === 0) {
      end()
    }
  }

  function subscribe(listener: (current: CurrentSession | undefined) => void): () => void {
    const remove = subscribers.add(listener)
    if (subscribers.size() === 1) {
      stopWatching = onShown(refresh)
      refresh()
    }
    listener(current)
    return () => {
      remove()
      if (subscribers.size() === 0) stopWatching?.()
    }
  }

  return {
    store: { get, subscribe, getSnapshot: () => current },
    onSignedOut: signedOut.add,
    start(route) {
      const replaces = route.session === 'begins' || route.session === 'ends'
      if (replaces) replacing++
      const asked = version
      return (result, hadToken) => {
        if (replaces) replacing--
        if (result === undefined) return
        if (result.ok && route.method !== 'GET') noteChange(route)
        else if (asked === version) noteAnswer(route, result, hadToken)
      }
    },
  }
}
