#!/usr/bin/env node
import { addLogger } from '../native/logger.js'
import { jobs } from './cli.js'
import { interruptSignal } from './interrupt.js'
import { runCommand } from './program.js'
import { processTerminal } from './terminal.js'

const terminal = processTerminal()
addLogger({ warn: (message) => terminal.err(message) })
runCommand(process.argv.slice(2), { jobs, terminal, signal: interruptSignal(terminal), status: 0 }).then((status) => {
  process.exitCode = status
})
