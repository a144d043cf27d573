/** Every command, in the order of the help. */
import type { Command } from '../command.ts'
import { adopt } from './adopt.ts'
import { audit } from './audit.ts'
import { backup, restore } from './backup.ts'
import { doctor } from './doctor.ts'
import { exportUsers } from './export.ts'
import { importUsers } from './import.ts'
import { init } from './init.ts'
import { mail } from './mail.ts'
import { migrate } from './migrate.ts'
import { move } from './move.ts'
import { providers } from './providers.ts'
import { secrets } from './secrets.ts'
import { serve } from './serve.ts'
import { sessions } from './sessions.ts'
import { users } from './users/index.ts'

export const COMMANDS: readonly Command[] = [
  serve,
  migrate,
  adopt,
  ...users,
  importUsers,
  exportUsers,
  ...sessions,
  audit,
  ...mail,
  backup,
  restore,
  move,
  ...providers,
  ...secrets,
  doctor,
  init,
]
