// Many pictures at once: one thread a picture and as many pictures at a time as there are cores.

/** Runs `work` on every item, `width` at a time. */
async function inParallel(items, width, work) {
  const queue = items.values()
  const worker = async () => {
    for (const item of queue) await work(item)
  }
  await Promise.all(Array.from({ length: width }, worker))
}

/** Seconds for all `requests` with the addon. */
export async function oursAtOnce(addon, requests, width) {
  const start = performance.now()
  await inParallel(requests, width, (request) => addon.refine(request).result)
  return (performance.now() - start) / 1000
}

/** Seconds of the peer in as many processes, which already run and have read their pictures. */
export async function peerAtOnce(peer, pictures, settings, processes) {
  const { seconds } = await peer.ask({ operation: 'throughput', pictures, processes, settings })
  return seconds
}
