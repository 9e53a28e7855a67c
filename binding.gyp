{
  # Delegates to the one CMake build, for node-gyp and prebuildify. node-gyp wants Node's headers before it looks at
  # this file although nothing here uses them; offline, name a Node installation that has them:
  #   npx node-gyp rebuild --nodedir="$(node -p "require('path').resolve(process.execPath, '../..')")"
  "targets": [
    {
      "target_name": "semples_cmake",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake",
          "inputs": ["CMakeLists.txt"],
          "outputs": ["build/Release/always-run"],
          "action": ["node", "scripts/build.mjs", "--native-only"],
        }
      ],
    }
  ]
}
