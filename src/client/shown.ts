/** The part of a window or a document that is used here. React Native has a `window` without events. */
interface Events {
  addEventListener?(type: string, listener: () => void): void
  removeEventListener?(type: string, listener: () => void): void
}

interface Page {
  readonly document?: Events & { readonly visibilityState: string }
  readonly window?: Events
}

/** Calls a function when the page is shown or its window gets the focus. Elsewhere than in a browser it does nothing. */
export function onShown(act: () => void): () => void {
  const { document, window } = globalThis as Page
  const whenVisible = () => {
    if (document?.visibilityState === 'visible') act()
  }
  document?.addEventListener?.('visibilitychange', whenVisible)
  window?.addEventListener?.('focus', whenVisible)
  return () => {
    document?.removeEventListener?.('visibilitychange', whenVisible)
    window?.removeEventListener?.('focus', whenVisible)
  }
}
