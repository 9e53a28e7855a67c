/** Root may write everywhere: takes its rights from this process, and gives what puts them back. Others have none to take. */
export function dropPrivileges(): () => void {
  if (process.geteuid?.() !== 0) return () => undefined
  process.seteuid?.('nobody')
  return () => process.seteuid?.(0)
}
