import { configDefaults, defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // Those run by `npm run test:full`.
    exclude: [...configDefaults.exclude, 'test/full/**'],
    globalSetup: 'test/support/global.ts',
    // Processes are started, passwords are hashed, and the machine may be busy: a limit against hanging only.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // By default, a poll gives up after a second.
    expect: { poll: { timeout: 50_000 } },
    // More than the cores of the machine: a worker waits for a process, a database or a mail three quarters of its time.
    maxWorkers: 5,
    // A process for each file would spend most of its time on loading the same modules. A test restores what it changes.
    isolate: false,
    // The gate runs on machines whose load nobody controls. A test that passes only the second time is marked `retry x1` in
    // the output: it is a race to fix, but no reason to hold back everything else.
    retry: process.env.CI === undefined ? 0 : 1,
  },
})
