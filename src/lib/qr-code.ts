/** QR codes (ISO/IEC 18004) as SVG. The package `qr` is loaded with the first one. */

/** ISO/IEC 18004 §5.3.8: four empty modules on each side, so that scanners find the code. */
const BORDER = 4

/**
 * Draws a QR code that can lose 15% of its area.
 *
 * @param text - At most 2,331 bytes of UTF-8. A camera needs about 300 or less.
 * @returns An SVG element of black modules on white, as one path, without style or script. It has no size, role or name:
 *   put it into an element with `role="img"` and a name.
 * @throws {Error} The text is too long.
 */
export async function qrCode(text: string): Promise<string> {
  const { encodeQR } = await import('qr')
  const rows = encodeQR(text, 'raw', { border: BORDER, ecc: 'medium' })
  const size = rows.length
  const path = rows.map(pathOfRow).join('')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges"><rect width="${size}" height="${size}" fill="#fff"/><path d="${path}"/></svg>`
}

/** A rectangle for each run of black modules. */
function pathOfRow(row: readonly boolean[], y: number): string {
  let path = ''
  for (let x = 0; x < row.length; x++) {
    if (row[x] !== true) continue
    const end = row.indexOf(false, x)
    path += `M${x} ${y}h${end - x}v1h-${end - x}z`
    x = end
  }
  return path
}
