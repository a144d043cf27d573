/** A deep copy of plain data that cannot be changed. For code of the application: nothing it does to it reaches us. */
export function frozenCopy<Value extends object>(value: Value): Value {
  return freeze(structuredClone(value))
}

function freeze<Value extends object>(value: Value): Value {
  for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) freeze(member)
  return Object.freeze(value)
}
