// The thread of checkpoints.ts. No import and no export, so that it runs as a module and as a script.
const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads')
const { DatabaseSync } = process.getBuiltinModule('node:sqlite')

// It never waits for a lock of another process.
const database = new DatabaseSync(new URL(workerData), { timeout: 0 })

parentPort.on('message', (mode) => {
  if (mode === 'close') {
    database.close()
    parentPort.close()
    return
  }
  try {
    database.exec(`pragma wal_checkpoint(${mode})`)
  } catch {
    // The next checkpoint tries again.
  }
  parentPort.postMessage('done')
})
