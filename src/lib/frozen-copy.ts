/** A deep, frozen copy of plain data, for code of the application, which must not be able to change the original. */
export function frozenCopy<Value extends object>(value: Value): Value {
  return freeze(structuredClone(value))
}

function freeze<Value extends object>(value: Value): Value {
  for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) freeze(member)
  return Object.freeze(value)
}
