import fc from 'fast-check'

/**
 * Any Unicode character, as the unit of `fc.string`. fast-check's own unit `binary` gives the same strings, but first builds a table
 * of all 1.1 million characters, which takes seconds in each worker.
 */
export const CHARACTER: fc.Arbitrary<string> = fc
  .nat(0x10_ff_ff - 0x8_00)
  // Skip the surrogates, which are not characters.
  .map((number) => String.fromCodePoint(number < 0xd8_00 ? number : number + 0x8_00))
