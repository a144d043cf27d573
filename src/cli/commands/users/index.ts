import type { Command } from '../../command.ts'
import { add } from './add.ts'
import { requireFactor, revokeFactor } from './factors.ts'
import { list } from './list.ts'
import { resend, sendReset, setEmail } from './mail.ts'
import { set } from './set.ts'
import { show } from './show.ts'
import { compromise, confirm, disable, enable, remove, unlock } from './status.ts'

export const users: readonly Command[] = [
  add,
  list,
  show,
  set,
  disable,
  enable,
  confirm,
  unlock,
  sendReset,
  resend,
  setEmail,
  revokeFactor,
  requireFactor,
  compromise,
  remove,
]
