import type { Setting } from './setting.ts'

export const AUDIT = {
  auditRetentionDays: {
    env: 'BIENVENUE_AUDIT_RETENTION_DAYS',
    kind: { type: 'integer', min: 1, max: 3_650, unit: 'days' },
    classic: 365,
    about:
      'How long audit entries are kept. Until then, the database itself refuses to change or delete them.',
  },
  ipRetentionDays: {
    env: 'BIENVENUE_IP_RETENTION_DAYS',
    kind: { type: 'integer', min: 1, max: 3_650, unit: 'days' },
    classic: 90,
    about:
      'How long audit entries keep the IP address and the device. Until then, the database itself refuses to remove them while the account exists. A shorter time applies only to new entries.',
  },
} as const satisfies Record<string, Setting>
