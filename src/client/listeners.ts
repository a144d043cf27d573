/** Functions that want to know of a change. */
export interface Listeners<Value> {
  readonly size: () => number
  /** @returns Removes the listener. */
  readonly add: (listener: (value: Value) => void) => () => void
  /**
   * Calls each listener, a moment later: what a listener throws must not fail the call that caused the change. It becomes an
   * unhandled rejection.
   */
  readonly notify: (value: Value) => void
}

export function createListeners<Value>(): Listeners<Value> {
  // One entry for each subscription: the same function may be added twice.
  const entries = new Set<{ readonly listener: (value: Value) => void }>()
  return {
    size: () => entries.size,
    add(listener) {
      const entry = { listener }
      entries.add(entry)
      return () => {
        entries.delete(entry)
      }
    },
    notify(value) {
      for (const entry of entries)
        void Promise.resolve().then(() => {
          if (entries.has(entry)) entry.listener(value)
        })
    },
  }
}
