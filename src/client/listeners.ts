/** Functions to call when a value changes. */
export interface Listeners<Value> {
  readonly size: () => number
  /** @returns Removes the listener. */
  readonly add: (listener: (value: Value) => void) => () => void
  /**
   * Calls each listener in a microtask, so that an error of a listener does not fail the call that caused the change. Such an
   * error becomes an unhandled rejection.
   */
  readonly notify: (value: Value) => void
}

export function createListeners<Value>(): Listeners<Value> {
  // An entry for each subscription, because the same function may be added twice.
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
