/** Shows the progress of long work on standard error: a bar at a terminal, otherwise a line from time to time. */
const BAR_WIDTH = 24
const REDRAW_EVERY_MS = 100
const LINE_EVERY_MS = 5_000

/** @returns A function that reports the number done and the total. */
export function showProgress(
  label: string,
  unit: string,
  output: NodeJS.WriteStream = process.stderr,
): (done: number, total: number) => void {
  const every = output.isTTY ? REDRAW_EVERY_MS : LINE_EVERY_MS
  let first: { done: number; at: number } | undefined
  let shownAt = performance.now()
  return (done, total) => {
    const at = performance.now()
    first ??= { done, at }
    const isOver = done === total
    if (at - shownAt < every && !(isOver && output.isTTY)) return
    shownAt = at
    const perSecond = ((done - first.done) / (at - first.at)) * 1_000
    const left = perSecond > 0 ? `${Math.ceil((total - done) / perSecond)} s left` : ''
    const filled = Math.floor((done / total) * BAR_WIDTH)
    const bar = output.isTTY ? ` [${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}]` : ''
    const text = `${label}${bar} ${Math.floor((done / total) * 100)} %, ${perSecond.toPrecision(3)} ${unit}/s, ${left}`
    output.write(output.isTTY ? `\r\u001b[K${text}${isOver ? '\n' : ''}` : `${text}\n`)
  }
}
