{
  # Delegates to the one CMake build, for node-gyp and prebuildify: `npx node-gyp rebuild` gives the same addon as
  # `npm run build`. No headers are fetched, see scripts/node-gyp.
  "targets": [
    {
      "target_name": "semples_cmake",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake",
          "inputs": ["CMakeLists.txt"],
          # Never written, so the action runs each time; the build itself knows what has changed.
          "outputs": ["<(PRODUCT_DIR)/always"],
          "action": ["node", "scripts/build.mjs", "--native-only", "--arch", "<(target_arch)"],
        }
      ],
    }
  ]
}
