{
  # What node-gyp reads from Node's headers before it looks at binding.gyp. Nothing here is compiled by node-gyp, so
  # this stands in for them and nothing is downloaded (package.json: config.node_gyp_nodedir).
}
