#!/usr/bin/env node
import { jobs } from './cli.js'
import { interruptSignal } from './interrupt.js'
import { runCommand } from './program.js'
import { processTerminal } from './terminal.js'

const terminal = processTerminal()
runCommand(process.argv.slice(2), { jobs, terminal, signal: interruptSignal(terminal), status: 0 }).then((status) => {
  process.exitCode = status
})
